"""Every path the simulator answers, with the bucket it counts in and the scopes it needs.

`absent_from_new` marks paths that HubSpot's specification of 2026-09 (August 2026) does not list.
"""

from starlette.routing import Route

from simulator.api import (
    account,
    associations,
    batches,
    configurations,
    files,
    labels,
    limits,
    objects,
    owners,
    pipelines,
    properties,
    property_groups,
    search,
)
from simulator.api.call import Endpoint
from simulator.control.routes import control_routes
from simulator.traffic.gate import Gate
from simulator.traffic.rates import Bucket
from simulator.world import World

_OBJECT = "/crm/objects/{v}/{object_type}"
_LINKS = "/crm/associations/{v}/{from_object_type}/{to_object_type}"
_LINK = _OBJECT + "/{object_id}/associations"
_PROPERTIES = "/crm/properties/{v}/{object_type}"
_PIPELINES = "/crm/pipelines/{v}/{object_type}"
_STAGES = _PIPELINES + "/{pipeline_id}/stages"


def all_routes(world: World) -> list[Route]:
    """The routes, fixed words before ids."""
    routes: list[Route] = []

    def add(
        method: str,
        path: str,
        endpoint: Endpoint,
        bucket: Bucket = "ten_secondly",
        scopes: str = "object",
        absent_from_new: bool = False,
    ) -> None:
        gate = Gate(world, path, endpoint, bucket, scopes, absent_from_new)
        world.endpoints.append(f"{method} {path}")
        routes.append(Route(path, gate, methods=[method]))

    add("POST", _OBJECT + "/search", search.search, "search")
    add("POST", _OBJECT + "/merge", objects.merge)
    add("POST", _OBJECT + "/batch/read", batches.read)
    add("POST", _OBJECT + "/batch/create", batches.create)
    add("POST", _OBJECT + "/batch/update", batches.update)
    add("POST", _OBJECT + "/batch/upsert", batches.upsert)
    add("POST", _OBJECT + "/batch/archive", batches.archive)
    add("GET", _OBJECT, objects.list_page)
    add("POST", _OBJECT, objects.create)
    add("GET", _OBJECT + "/{object_id}", objects.read)
    add("PATCH", _OBJECT + "/{object_id}", objects.change)
    add("DELETE", _OBJECT + "/{object_id}", objects.archive)

    add(
        "PUT",
        _LINK + "/default/{to_object_type}/{to_object_id}",
        associations.put_default,
        scopes="links",
    )
    add(
        "GET",
        _LINK + "/{to_object_type}",
        associations.list_of_record,
        scopes="links",
        absent_from_new=True,
    )
    one_link = _LINK + "/{to_object_type}/{to_object_id}"
    add("PUT", one_link, associations.put_one, scopes="links")
    add("DELETE", one_link, associations.delete_one, scopes="links")

    for word, endpoint in (
        ("read", associations.batch_read),
        ("create", associations.batch_create),
        ("archive", associations.batch_archive),
        ("associate/default", associations.batch_default),
        ("labels/archive", associations.batch_labels_archive),
    ):
        add("POST", f"{_LINKS}/batch/{word}", endpoint, "associations", "links")

    labels_path = _LINKS + "/labels"
    add("GET", labels_path, labels.list_all, "none", "links")
    add("POST", labels_path, labels.create, "none", "links")
    add("PUT", labels_path, labels.change, "none", "links")
    add("DELETE", labels_path + "/{association_type_id}", labels.archive, "none", "links")
    configured = "/crm/associations/{v}/definitions/configurations"
    add("GET", configured + "/all", configurations.list_all, "none", "any_object")
    pair = configured + "/{from_object_type}/{to_object_type}"
    add("GET", pair, configurations.list_all, "none", "links")

    add("POST", pair + "/batch/create", configurations.put_batch, "none", "links")
    add("POST", pair + "/batch/update", configurations.put_batch, "none", "links")
    add("POST", pair + "/batch/purge", configurations.purge_batch, "none", "links")

    add("POST", _PROPERTIES + "/batch/create", properties.batch_create, scopes="schema")
    add("POST", _PROPERTIES + "/batch/read", properties.batch_read, scopes="schema")
    add("POST", _PROPERTIES + "/batch/archive", properties.batch_archive, scopes="schema")
    add("GET", _PROPERTIES + "/groups", property_groups.list_all, scopes="schema")
    add("POST", _PROPERTIES + "/groups", property_groups.create, scopes="schema")
    group = _PROPERTIES + "/groups/{group_name}"
    add("GET", group, property_groups.read, scopes="schema")
    add("PATCH", group, property_groups.change, scopes="schema")
    add("DELETE", group, property_groups.archive, scopes="schema")
    add("GET", _PROPERTIES, properties.list_all, scopes="schema")
    add("POST", _PROPERTIES, properties.create, scopes="schema")
    one_property = _PROPERTIES + "/{property_name}"
    add("GET", one_property, properties.read, scopes="schema")
    add("PATCH", one_property, properties.change, scopes="schema")
    add("DELETE", one_property, properties.archive, scopes="schema")

    add("GET", _PIPELINES, pipelines.list_all, scopes="schema")
    add("POST", _PIPELINES, pipelines.create, scopes="schema")
    one_pipeline = _PIPELINES + "/{pipeline_id}"
    add("GET", one_pipeline, pipelines.read, scopes="schema")
    add("PUT", one_pipeline, pipelines.replace, scopes="schema")
    add("PATCH", one_pipeline, pipelines.change, scopes="schema")
    add("DELETE", one_pipeline, pipelines.archive, scopes="schema")
    add("GET", one_pipeline + "/audit", pipelines.audit, scopes="schema")
    add("GET", _STAGES, pipelines.list_stages, scopes="schema")
    add("POST", _STAGES, pipelines.create_stage, scopes="schema")
    one_stage = _STAGES + "/{stage_id}"
    add("GET", one_stage, pipelines.read_stage, scopes="schema")
    add("PUT", one_stage, pipelines.change_stage, scopes="schema")
    add("PATCH", one_stage, pipelines.change_stage, scopes="schema")
    add("DELETE", one_stage, pipelines.archive_stage, scopes="schema")
    add("GET", one_stage + "/audit", pipelines.audit, scopes="schema")

    add("GET", "/crm/owners/{v}", owners.list_page, scopes="owners")
    add("GET", "/crm/owners/{v}/{owner_id}", owners.read, scopes="owners")
    add("GET", "/account-info/{v}/details", account.details, scopes="none")
    add(
        "GET",
        "/account-info/{v}/api-usage/daily/private-apps",
        lambda call: account.usage(call, world.rates),
        scopes="none",
    )
    allowed = "/crm/limits/{v}"
    for path, limit in (
        ("/pipelines", limits.pipelines),
        ("/associations/labels", limits.labels),
        ("/custom-properties", limits.custom_properties),
        ("/records", limits.records),
        ("/calculated-properties", limits.calculated_properties),
        ("/custom-object-types", limits.custom_object_types),
        ("/associations/records/from", limits.associations_from),
        ("/associations/records/{from_object_type}/to", limits.associations_from),
        (
            "/associations/records/{from_object_type}/{to_object_type}",
            limits.associations_between,
        ),
    ):
        add("GET", allowed + path, limit, scopes="any_object")

    one_file = "/files/{v}/files/{file_id}"
    add("GET", one_file, files.read, scopes="files", absent_from_new=True)
    add("GET", one_file + "/signed-url", files.signed_url, scopes="files", absent_from_new=True)
    add("DELETE", one_file, files.archive, scopes="files", absent_from_new=True)
    return [*routes, *control_routes(world)]
