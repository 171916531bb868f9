"""Fills a portal with sixty clients, their people, and the owners of the support desk."""

from simulator.sample.companies import FIRST_NAMES, LAST_NAMES, TITLES, clients
from simulator.state import actors
from simulator.state.object_types import COMPANY, CONTACT
from simulator.state.owners import Owner
from simulator.state.portal import Portal

_DAY_MS = 86_400_000
_OWNERS = (
    ("Nora", "Whitfield", "Administrative Staff"),
    ("Peter", "Okoye", "Level 1 Support"),
    ("Sunita", "Rao", "Level 1 Support"),
    ("Mateo", "Silva", "Level 2 Support"),
    ("Ingrid", "Dahl", "Level 2 Support"),
    ("Caleb", "Young", "OCR"),
    ("Yara", "Haddad", "Product"),
    ("Tom", "Brandt", "Development"),
    ("Lena", "Fischer", "IT"),
)


def fill(portal: Portal) -> None:
    """Adds owners, companies and contacts, each with a past; seeded by the portal's dice."""
    _owners(portal)
    dice = portal.random
    importer = actors.named("import", "sample")
    for number, client in enumerate(clients()):
        born = portal.born_ms + (number + 1) * _DAY_MS * 3
        company = portal.create(
            COMPANY,
            {
                "name": client.name,
                "domain": client.domain,
                "website": f"www.{client.domain}",
                "industry": client.industry,
                "city": client.city,
                "country": "United States",
                "numberofemployees": str(client.employees),
                "lifecyclestage": "customer",
                "hubspot_owner_id": str(list(portal.owners)[number % 5]),
            },
            importer,
            born,
        )
        for place in range(dice.randint(2, 5)):
            first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
            address = f"{first}.{last}.{place}".lower().replace("ö", "o")
            contact = portal.create(
                CONTACT,
                {
                    "firstname": first,
                    "lastname": last,
                    "email": f"{address}@{client.domain}",
                    "jobtitle": dice.choice(TITLES),
                    "company": client.name,
                    "lifecyclestage": "customer",
                },
                importer,
                born + (place + 1) * _DAY_MS,
            )
            portal.associate(contact, company, [1], importer)


def _owners(portal: Portal) -> None:
    for number, (first, last, team) in enumerate(_OWNERS):
        owner = Owner(
            71_200_101 + number * 37,
            52_400_011 + number * 53,
            f"{first}.{last}@ourdesk.example".lower(),
            first,
            last,
            (str(9_001 + number), team),
            portal.born_ms,
        )
        portal.owners[owner.id] = owner
    gone = Owner(
        71_299_999,
        52_499_999,
        "former.colleague@ourdesk.example",
        "Former",
        "Colleague",
        ("9002", "Level 1 Support"),
        portal.born_ms,
        archived=True,
    )
    portal.owners[gone.id] = gone
