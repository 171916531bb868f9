"""Sixty invented client companies of a software house; every domain ends in .example."""

from typing import NamedTuple


class Client(NamedTuple):
    """One client: what its people see of it in HubSpot."""

    name: str
    domain: str
    industry: str
    city: str
    employees: int


_ROWS = """
Alder & Finch Foods|alderfinch|FOOD_PRODUCTION|Portland|420
Amberline Logistics|amberline|LOGISTICS_AND_SUPPLY_CHAIN|Memphis|1150
Arbor Vale Hospital|arborvale|HOSPITAL_HEALTH_CARE|Madison|2300
Ashgrove Furniture|ashgrovefurniture|FURNITURE|Grand Rapids|310
Aurora Dental Supply|auroradental|MEDICAL_DEVICES|Boulder|95
Bayridge Building Materials|bayridgebuild|BUILDING_MATERIALS|Tampa|240
Bellweather Insurance|bellweather|INSURANCE|Hartford|870
Birchmont Printing|birchmontprint|PRINTING|Cincinnati|130
Blue Heron Seafood|blueheronsea|FOOD_BEVERAGES|Seattle|260
Brightwell Utilities|brightwell|UTILITIES|Omaha|640
Calder Steelworks|caldersteel|MACHINERY|Pittsburgh|780
Canyon Ridge Aggregates|canyonridge|CONSTRUCTION|Tucson|190
Carraway Textiles|carraway|TEXTILES|Greensboro|350
Cedar Hollow Winery|cedarhollow|WINE_AND_SPIRITS|Walla Walla|60
Chestnut Street Partners|chestnutstreet|LAW_PRACTICE|Philadelphia|110
Clearbrook Water|clearbrook|UTILITIES|Boise|280
Cobalt Marine Supply|cobaltmarine|WHOLESALE|Mobile|75
Copperfield Plumbing Wholesale|copperfieldph|WHOLESALE|Kansas City|220
Cornerstone Credit Union|cornerstonecu|BANKING|Lansing|330
Crestline Packaging|crestlinepack|PACKAGING_AND_CONTAINERS|Louisville|460
Dovetail Cabinets|dovetailcab|FURNITURE|Asheville|85
Eastgate Motors|eastgatemotors|AUTOMOTIVE|Detroit|510
Edgewater Hotels|edgewaterhotels|HOSPITALITY|Charleston|690
Elmstead School District|elmstead|EDUCATION_MANAGEMENT|Elmstead|940
Fairhaven Housing Trust|fairhaventrust|NON_PROFIT_ORGANIZATION_MANAGEMENT|Baltimore|45
Fernbank Pharmaceuticals Distribution|fernbank|WHOLESALE|Atlanta|370
Fieldstone Masonry|fieldstonemasonry|CONSTRUCTION|Burlington|70
Foxglove Cosmetics|foxglovecos|CONSUMER_GOODS|Santa Fe|140
Frostline Refrigeration|frostline|MACHINERY|Minneapolis|205
Garnet Hill Rail|garnethillrail|TRANSPORTATION_TRUCKING_RAILROAD|Scranton|560
Glenmoor Accounting|glenmoor|ACCOUNTING|Columbus|55
Granite Peak Outfitters|granitepeak|RETAIL|Bozeman|160
Greenlea Produce|greenlea|FOOD_PRODUCTION|Salinas|415
Harborlight Shipping|harborlight|LOGISTICS_AND_SUPPLY_CHAIN|Savannah|720
Hawthorne Medical Group|hawthornemed|HOSPITAL_HEALTH_CARE|Albany|980
Highmark Tools|highmarktools|MACHINERY|Rockford|340
Hollybrook Bakery|hollybrook|FOOD_BEVERAGES|Providence|90
Ironbridge Fabrication|ironbridgefab|MACHINERY|Toledo|265
Juniper Home Goods|juniperhome|CONSUMER_GOODS|Denver|310
Kestrel Freight|kestrelfreight|TRANSPORTATION_TRUCKING_RAILROAD|El Paso|430
Kingsway Retail Group|kingswayretail|RETAIL|Nashville|1400
Lakemont Realty|lakemont|REAL_ESTATE|Orlando|120
Larkfield Dairy|larkfielddairy|FOOD_PRODUCTION|Eau Claire|185
Lindqvist Chemicals|lindqvist|CHEMICALS|Baton Rouge|520
Maplewood Clinics|maplewoodclinics|HEALTH_WELLNESS_AND_FITNESS|Rochester|410
Meridian Paper|meridianpaper|PACKAGING_AND_CONTAINERS|Green Bay|600
Millbrook Township|millbrooktwp|GOVERNMENT_ADMINISTRATION|Millbrook|230
Northwind Energy|northwindenergy|OIL_ENERGY|Tulsa|890
Oakhurst Lumber|oakhurstlumber|BUILDING_MATERIALS|Eugene|275
Orchard Lane Cider|orchardlane|WINE_AND_SPIRITS|Ithaca|40
Pinecrest Nurseries|pinecrestnurs|WHOLESALE|Raleigh|150
Quarry Point Cement|quarrypoint|BUILDING_MATERIALS|Davenport|380
Redfern Apparel|redfernapparel|TEXTILES|Los Angeles|295
Riverbend Distribution|riverbenddist|WHOLESALE|St. Louis|480
Saltmarsh Brewing|saltmarshbrew|FOOD_BEVERAGES|Norfolk|65
Silverthorn Optics|silverthorn|MEDICAL_DEVICES|Rochester|170
Stonegate Properties|stonegateprop|REAL_ESTATE|Phoenix|210
Tidewater Aggregate|tidewateragg|CONSTRUCTION|Richmond|145
Westmere Auto Parts|westmereauto|AUTOMOTIVE|Fort Wayne|360
Willow Bay Foods|willowbayfoods|FOOD_PRODUCTION|Monterey|535
"""


def clients() -> list[Client]:
    """The sixty clients, in alphabetical order."""
    rows = [line.split("|") for line in _ROWS.strip().splitlines()]
    return [
        Client(name, f"{domain}.example", industry, city, int(employees))
        for name, domain, industry, city, employees in rows
    ]


FIRST_NAMES = (
    "Adaeze",
    "Alan",
    "Amara",
    "Beth",
    "Bruno",
    "Carla",
    "Chen",
    "Dana",
    "Derek",
    "Elif",
    "Emil",
    "Farah",
    "Gita",
    "Grace",
    "Hugo",
    "Imani",
    "Ines",
    "Jamal",
    "Jonas",
    "Karin",
    "Keiko",
    "Leila",
    "Lucas",
    "Maeve",
    "Marcus",
    "Mina",
    "Nadia",
    "Noel",
    "Olga",
    "Omar",
    "Paula",
    "Priya",
    "Quinn",
    "Rafael",
    "Rosa",
    "Samir",
    "Sofia",
    "Tariq",
    "Thea",
    "Uma",
    "Victor",
    "Wanda",
    "Yusuf",
    "Zoe",
)
LAST_NAMES = (
    "Abara",
    "Almeida",
    "Bauer",
    "Bennett",
    "Castillo",
    "Cho",
    "Dixon",
    "Ekström",
    "Farrell",
    "Ferreira",
    "Gallo",
    "Grant",
    "Haddad",
    "Hansen",
    "Ibarra",
    "Jensen",
    "Kapoor",
    "Keller",
    "Lindgren",
    "Lowe",
    "Mbeki",
    "Mercer",
    "Nakamura",
    "Novak",
    "Okafor",
    "Osborne",
    "Park",
    "Petrov",
    "Quist",
    "Reyes",
    "Rossi",
    "Sandoval",
    "Schmidt",
    "Tanaka",
    "Thornton",
    "Ueda",
    "Vargas",
    "Walsh",
    "Yilmaz",
    "Zhang",
)
TITLES = (
    "Controller",
    "IT Manager",
    "Warehouse Supervisor",
    "Accounts Payable Lead",
    "Operations Director",
    "Systems Analyst",
    "Office Manager",
    "Purchasing Manager",
)
