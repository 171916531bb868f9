"""The properties that HubSpot puts into every portal, as far as tickets and clients need them.

Names as they stand in HubSpot's default-property lists and in a real portal's property list.
"""

from simulator.state.object_types import COMPANY, CONTACT, EMAIL, NOTE, TASK, TICKET, ObjectType
from simulator.state.schema import Group, Option, Property, Schema

# name, label, kind; kind is text, area, html, number, bool, time, day, owner, pipeline, stage,
# or a list of choices. A leading "!" marks what only HubSpot writes.
_Row = tuple[str, str, str]

_EVERYWHERE: tuple[_Row, ...] = (
    ("hs_object_id", "Record ID", "!number"),
    ("hs_object_source", "Record creation source", "!text"),
    ("hs_object_source_id", "Record creation source ID", "!text"),
    ("hs_object_source_label", "Record source", "!text"),
    ("hs_object_source_detail_1", "Record source detail 1", "!text"),
    ("hs_object_source_user_id", "Record creation source user ID", "!number"),
    ("hs_created_by_user_id", "Created by user ID", "!number"),
    ("hs_updated_by_user_id", "Updated by user ID", "!number"),
    ("hs_merged_object_ids", "Merged record IDs", "!text"),
    ("hs_unique_creation_key", "Unique creation key", "!text"),
    ("hubspot_owner_id", "Owner", "owner"),
    ("hubspot_owner_assigneddate", "Owner assigned date", "!time"),
    ("hubspot_team_id", "HubSpot team", "!text"),
    ("notes_last_updated", "Last activity date", "!time"),
    ("hs_pinned_engagement_id", "Pinned engagement ID", "number"),
)
_TICKET: tuple[_Row, ...] = (
    ("subject", "Ticket name", "text"),
    ("content", "Ticket description", "area"),
    ("createdate", "Create date", "time"),
    ("hs_createdate", "Object create date/time", "!time"),
    ("hs_lastmodifieddate", "Last modified date", "!time"),
    ("hs_pipeline", "Pipeline", "pipeline"),
    ("hs_pipeline_stage", "Ticket status", "stage"),
    ("hs_ticket_id", "Ticket ID", "!number"),
    ("hs_ticket_priority", "Priority", "LOW|MEDIUM|HIGH|URGENT"),
    (
        "hs_ticket_category",
        "Category",
        "*PRODUCT_ISSUE|BILLING_ISSUE|FEATURE_REQUEST|GENERAL_INQUIRY",
    ),
    ("hs_resolution", "Resolution", "ISSUE_FIXED|SPAM|WAITING_ON_CONTACT|WILL_NOT_FIX|OTHER"),
    ("source_type", "Source", "CHAT|EMAIL|FORM|PHONE|TWITTER|ZOOM"),
    ("closed_date", "Close date", "time"),
    ("hs_is_closed", "Is closed", "!bool"),
    ("hs_last_closed_date", "Last closed date", "!time"),
    ("hs_ticket_reopened_at", "Reopened at", "!time"),
    ("time_to_close", "Time to close", "!number"),
    ("hs_primary_company", "Primary company", "!text"),
    ("hs_primary_company_id", "Primary company ID", "!number"),
    ("hs_primary_company_name", "Primary company name", "!text"),
    ("hs_num_associated_companies", "Number of associated companies", "!number"),
    ("num_contacted_notes", "Number of times contacted", "!number"),
    ("hs_assigned_team_ids", "Assigned teams", "text"),
    ("hs_assignment_method", "Assignment method", "!text"),
    ("hs_ticket_owner_type", "Ticket owner type", "!text"),
    ("hs_first_assignee_type", "First assignee type", "!text"),
    ("hs_in_helpdesk", "In help desk", "!bool"),
    ("hs_is_visible_in_help_desk", "Visible in help desk", "!bool"),
    ("hs_helpdesk_sort_timestamp", "Help desk sort timestamp", "!time"),
    ("hs_inbox_id", "Inbox", "!number"),
    ("hs_conversations_originating_thread_id", "Originating thread ID", "!number"),
    ("hs_originating_email_engagement_id", "Originating email engagement ID", "!number"),
    ("hs_last_message_received_at", "Last message received at", "!time"),
    ("hs_last_message_sent_at", "Last message sent at", "!time"),
    ("hs_last_message_from_visitor", "Last message from visitor", "!bool"),
    ("hs_customer_agent_ticket_status", "Customer agent ticket status", "!text"),
    ("hs_tag_ids", "Ticket tags", "text"),
    ("hs_sla_pause_status", "SLA pause status", "!text"),
    ("hs_file_upload", "File upload", "text"),
    ("hs_v2_date_entered_current_stage", "Date entered current stage", "!time"),
)
_COMPANY: tuple[_Row, ...] = (
    ("name", "Company name", "text"),
    ("domain", "Company domain name", "text"),
    ("website", "Website URL", "text"),
    ("phone", "Phone number", "phone"),
    ("address", "Street address", "text"),
    ("city", "City", "text"),
    ("state", "State/Region", "text"),
    ("zip", "Postal code", "text"),
    ("country", "Country/Region", "text"),
    ("description", "Description", "area"),
    (
        "industry",
        "Industry",
        "ACCOUNTING|AUTOMOTIVE|BANKING|BUILDING_MATERIALS|CHEMICALS|CONSTRUCTION|CONSUMER_GOODS|"
        "EDUCATION_MANAGEMENT|FOOD_BEVERAGES|FOOD_PRODUCTION|FURNITURE|GOVERNMENT_ADMINISTRATION|"
        "HEALTH_WELLNESS_AND_FITNESS|HOSPITAL_HEALTH_CARE|HOSPITALITY|INSURANCE|LAW_PRACTICE|"
        "LOGISTICS_AND_SUPPLY_CHAIN|MACHINERY|MEDICAL_DEVICES|NON_PROFIT_ORGANIZATION_MANAGEMENT|"
        "OIL_ENERGY|PACKAGING_AND_CONTAINERS|PRINTING|REAL_ESTATE|RETAIL|TEXTILES|"
        "TRANSPORTATION_TRUCKING_RAILROAD|UTILITIES|WHOLESALE|WINE_AND_SPIRITS",
    ),
    ("numberofemployees", "Number of employees", "number"),
    ("annualrevenue", "Annual revenue", "number"),
    ("createdate", "Create date", "time"),
    ("hs_createdate", "Object create date/time", "!time"),
    ("hs_lastmodifieddate", "Last modified date", "!time"),
    (
        "lifecyclestage",
        "Lifecycle stage",
        "subscriber|lead|marketingqualifiedlead|salesqualifiedlead|opportunity|customer|"
        "evangelist|other",
    ),
    ("type", "Type", "PROSPECT|PARTNER|RESELLER|VENDOR|OTHER"),
    ("num_associated_contacts", "Number of associated contacts", "!number"),
    ("hs_num_open_tickets", "Number of open tickets", "!number"),
)
_CONTACT: tuple[_Row, ...] = (
    ("email", "Email", "email"),
    ("firstname", "First name", "text"),
    ("lastname", "Last name", "text"),
    ("phone", "Phone number", "phone"),
    ("mobilephone", "Mobile phone number", "phone"),
    ("jobtitle", "Job title", "text"),
    ("company", "Company name", "text"),
    ("website", "Website URL", "text"),
    ("city", "City", "text"),
    ("country", "Country/Region", "text"),
    ("createdate", "Create date", "time"),
    ("hs_createdate", "Object create date/time", "!time"),
    ("lastmodifieddate", "Last modified date", "!time"),
    (
        "lifecyclestage",
        "Lifecycle stage",
        "subscriber|lead|marketingqualifiedlead|salesqualifiedlead|opportunity|customer|"
        "evangelist|other",
    ),
    ("associatedcompanyid", "Primary associated company ID", "number"),
    ("hs_additional_emails", "Additional email addresses", "text"),
    ("hs_email_domain", "Email domain", "!text"),
    ("hs_is_contact", "Is a contact", "!bool"),
    ("hs_email_optout", "Unsubscribed from all email", "!bool"),
    ("hs_email_bad_address", "Invalid email address", "!bool"),
    ("hs_email_hard_bounce_reason_enum", "Email hard bounce reason", "!text"),
    ("hs_email_quarantined", "Email address quarantined", "!bool"),
)
_ACTIVITY: tuple[_Row, ...] = (
    ("hs_timestamp", "Activity date", "time"),
    ("hs_createdate", "Create date", "!time"),
    ("hs_lastmodifieddate", "Last modified date", "!time"),
    ("hs_attachment_ids", "Attached file IDs", "text"),
)
_NOTE: tuple[_Row, ...] = (("hs_note_body", "Body", "html"),)
_TASK: tuple[_Row, ...] = (
    ("hs_task_subject", "Task title", "text"),
    ("hs_task_body", "Notes", "html"),
    ("hs_task_status", "Status", "NOT_STARTED|IN_PROGRESS|COMPLETED|WAITING|DEFERRED"),
    ("hs_task_priority", "Priority", "NONE|LOW|MEDIUM|HIGH"),
    ("hs_task_type", "Type", "TODO|CALL|EMAIL"),
    ("hs_task_reminders", "Reminder", "text"),
)
_EMAIL: tuple[_Row, ...] = (
    ("hs_email_subject", "Subject", "text"),
    ("hs_email_text", "Text body", "area"),
    ("hs_email_html", "HTML body", "html"),
    ("hs_email_direction", "Direction", "EMAIL|INCOMING_EMAIL|FORWARDED_EMAIL"),
    ("hs_email_status", "Status", "BOUNCED|FAILED|SCHEDULED|SENDING|SENT"),
    ("hs_email_headers", "Headers", "area"),
    ("hs_email_from_email", "From address", "!text"),
    ("hs_email_from_firstname", "From first name", "!text"),
    ("hs_email_from_lastname", "From last name", "!text"),
    ("hs_email_to_email", "To address", "!text"),
)
_ROWS: dict[str, tuple[_Row, ...]] = {
    TICKET.id: _TICKET + _EVERYWHERE,
    COMPANY.id: _COMPANY + _EVERYWHERE,
    CONTACT.id: _CONTACT + _EVERYWHERE,
    NOTE.id: _NOTE + _ACTIVITY + _EVERYWHERE,
    TASK.id: _TASK + _ACTIVITY + _EVERYWHERE,
    EMAIL.id: _EMAIL + _ACTIVITY + _EVERYWHERE,
}
_GROUPS = {
    TICKET.id: Group("ticketinformation", "Ticket information", 0),
    COMPANY.id: Group("companyinformation", "Company information", 0),
    CONTACT.id: Group("contactinformation", "Contact information", 0),
    NOTE.id: Group("note", "Note information", 0),
    TASK.id: Group("task", "Task information", 0),
    EMAIL.id: Group("email", "Email information", 0),
}
_FIELDS = {
    "text": ("string", "text"),
    "email": ("string", "text"),
    "area": ("string", "textarea"),
    "html": ("string", "html"),
    "phone": ("string", "phonenumber"),
    "number": ("number", "number"),
    "bool": ("bool", "booleancheckbox"),
    "time": ("datetime", "date"),
    "day": ("date", "date"),
    "owner": ("enumeration", "select"),
    "pipeline": ("enumeration", "select"),
    "stage": ("enumeration", "select"),
}
_CHOICES = {"owner": "OWNER", "pipeline": "PIPELINE", "stage": "STAGE"}


def _define(row: _Row, group: str, at_ms: int) -> Property:
    name, label, kind = row
    read_only = kind.startswith("!")
    kind = kind.lstrip("!")
    options: list[Option] = []
    if kind in _FIELDS:
        type_, field_type = _FIELDS[kind]
    else:
        several = kind.startswith("*")
        type_, field_type = "enumeration", "checkbox" if several else "select"
        for order, value in enumerate(kind.lstrip("*").split("|")):
            options.append(Option(value, value.replace("_", " ").capitalize(), order))
    return Property(
        name,
        label,
        type_,
        field_type,
        group,
        at_ms,
        at_ms,
        options=options,
        hubspot_defined=True,
        read_only=read_only,
        calculated=read_only and type_ in ("number", "bool", "datetime"),
        unique=name == "email",
        choices=_CHOICES.get(kind, ""),
    )


def default_schema(kind: ObjectType, at_ms: int) -> Schema:
    """A fresh schema of a type, as a new portal has it."""
    group = _GROUPS[kind.id]
    fresh = Group(group.name, group.label, group.display_order)
    return Schema([fresh], [_define(row, group.name, at_ms) for row in _ROWS[kind.id]])
