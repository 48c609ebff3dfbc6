"""What people call places besides the name the gazetteer has: English and German country names, and other names of regions and cities.

A written list of those that people use, not of all there are; accents and capitals need no entry, they never count.
"""

# Country code: name shown, where the gazetteer's own is an official or a broken one.
COUNTRIES = {
    "AX": "Åland", "BL": "Saint Barthélemy", "BN": "Brunei", "BQ": "Caribbean Netherlands", "CD": "DR Congo",
    "CI": "Côte d'Ivoire", "CW": "Curaçao", "CZ": "Czechia", "FK": "Falkland Islands", "FM": "Micronesia",
    "IR": "Iran", "KP": "North Korea", "KR": "South Korea", "LA": "Laos", "LY": "Libya", "MK": "North Macedonia",
    "MO": "Macau", "PS": "Palestine", "RE": "Réunion", "RU": "Russia", "ST": "São Tomé and Príncipe", "SY": "Syria",
    "SZ": "Eswatini", "TL": "East Timor", "TZ": "Tanzania", "VA": "Vatican City", "VG": "British Virgin Islands",
    "VI": "US Virgin Islands",
}  # fmt: skip

# Country code: other names, the German one first.
OTHER_COUNTRIES = {
    "AE": "Vereinigte Arabische Emirate, UAE, Emirates", "AG": "Antigua und Barbuda",
    "AL": "Albanien", "AM": "Armenien", "AQ": "Antarktis", "AR": "Argentinien", "AT": "Österreich",
    "AU": "Australien", "AZ": "Aserbaidschan", "BA": "Bosnien und Herzegowina, Bosnien, Bosnia", "BD": "Bangladesch",
    "BE": "Belgien, Belgique, België", "BG": "Bulgarien", "BO": "Bolivien", "BR": "Brasilien, Brasil",
    "BW": "Botsuana", "BY": "Weißrussland", "CA": "Kanada", "CD": "Kongo, Congo",
    "CF": "Zentralafrikanische Republik", "CG": "Republik Kongo", "CH": "Schweiz, Suisse, Svizzera",
    "CI": "Elfenbeinküste, Ivory Coast", "CM": "Kamerun", "CO": "Kolumbien", "CU": "Kuba",
    "CV": "Kapverden, Cabo Verde", "CY": "Zypern", "CZ": "Tschechien, Czech Republic, Tschechische Republik",
    "DE": "Deutschland", "DJ": "Dschibuti", "DK": "Dänemark, Danmark", "DO": "Dominikanische Republik",
    "DZ": "Algerien", "EE": "Estland", "EG": "Ägypten", "ES": "Spanien, España", "ET": "Äthiopien",
    "FI": "Finnland, Suomi", "FJ": "Fidschi", "FK": "Falklandinseln", "FO": "Färöer", "FR": "Frankreich",
    "GA": "Gabun", "GB": "Vereinigtes Königreich, Großbritannien, Great Britain, Britain, UK", "GE": "Georgien",
    "GF": "Französisch-Guayana", "GL": "Grönland", "GR": "Griechenland", "HR": "Kroatien, Hrvatska", "HU": "Ungarn",
    "ID": "Indonesien", "IE": "Irland", "IN": "Indien", "IQ": "Irak", "IS": "Island", "IT": "Italien, Italia",
    "JM": "Jamaika", "JO": "Jordanien", "JP": "Japan", "KE": "Kenia", "KG": "Kirgisistan", "KH": "Kambodscha",
    "KM": "Komoren", "KP": "Nordkorea", "KR": "Südkorea, Korea", "KZ": "Kasachstan", "LB": "Libanon", "LT": "Litauen",
    "LU": "Luxemburg", "LV": "Lettland", "LY": "Libyen", "MA": "Marokko", "MD": "Moldau, Moldawien",
    "MG": "Madagaskar", "MK": "Nordmazedonien, Mazedonien, Macedonia", "MM": "Birma, Burma", "MN": "Mongolei",
    "MR": "Mauretanien", "MV": "Malediven", "MX": "Mexiko, México", "MZ": "Mosambik", "NC": "Neukaledonien",
    "NL": "Niederlande, Holland, Nederland", "NO": "Norwegen, Norge", "NZ": "Neuseeland",
    "PF": "Französisch-Polynesien", "PG": "Papua-Neuguinea", "PH": "Philippinen", "PL": "Polen, Polska",
    "PS": "Palästina", "RO": "Rumänien", "RS": "Serbien", "RU": "Russland", "RW": "Ruanda", "SA": "Saudi-Arabien",
    "SC": "Seychellen", "SE": "Schweden, Sverige", "SG": "Singapur", "SI": "Slowenien", "SJ": "Spitzbergen, Svalbard",
    "SK": "Slowakei", "SY": "Syrien", "SZ": "Swasiland, Swaziland", "TD": "Tschad", "TJ": "Tadschikistan",
    "TL": "Osttimor", "TN": "Tunesien", "TR": "Türkei, Türkiye", "TZ": "Tansania",
    "US": "Vereinigte Staaten, USA, America, Amerika, United States of America", "UZ": "Usbekistan",
    "VA": "Vatikan, Vatikanstadt, Vatican, Holy See", "YE": "Jemen", "ZA": "Südafrika", "ZM": "Sambia",
    "ZW": "Simbabwe",
}  # fmt: skip

# Country code and name of a region in the gazetteer: name shown.
REGIONS = {
    "DE State of Berlin": "Berlin", "DE City state Bremen": "Bremen", "DE Rheinland-Pfalz": "Rhineland-Palatinate",
    "DE Baden-Wurttemberg": "Baden-Württemberg", "IT The Marches": "Marche", "IT Basilicate": "Basilicata",
    "FR Centre": "Centre-Val de Loire", "ES Castille and León": "Castile and León",
    "ES Castille-La Mancha": "Castile-La Mancha",
}  # fmt: skip

# Country code and shown name of a region: other names.
OTHER_REGIONS = {
    "AT Carinthia": "Kärnten", "AT Lower Austria": "Niederösterreich", "AT Styria": "Steiermark", "AT Tyrol": "Tirol",
    "AT Upper Austria": "Oberösterreich", "AT Vienna": "Wien", "CH Basel-City": "Basel-Stadt",
    "CH Fribourg": "Freiburg", "CH Geneva": "Genf, Genève", "CH Grisons": "Graubünden", "CH Lucerne": "Luzern",
    "CH Saint Gallen": "St. Gallen, Sankt Gallen", "CH Ticino": "Tessin", "CH Valais": "Wallis", "CH Vaud": "Waadt",
    "DE Bavaria": "Bayern", "DE Hesse": "Hessen", "DE Lower Saxony": "Niedersachsen",
    "DE Mecklenburg-Vorpommern": "Mecklenburg-Western Pomerania",
    "DE North Rhine-Westphalia": "Nordrhein-Westfalen, NRW", "DE Rhineland-Palatinate": "Rheinland-Pfalz",
    "DE Saxony": "Sachsen", "DE Saxony-Anhalt": "Sachsen-Anhalt", "DE Thuringia": "Thüringen",
    "ES Andalusia": "Andalusien, Andalucía", "ES Balearic Islands": "Balearen, Baleares",
    "ES Basque Country": "Baskenland, País Vasco", "ES Canary Islands": "Kanaren, Kanarische Inseln",
    "ES Catalonia": "Katalonien, Catalunya, Cataluña", "ES Navarre": "Navarra", "FR Brittany": "Bretagne",
    "FR Corsica": "Korsika, Corse", "FR Normandy": "Normandie", "FR Provence-Alpes-Côte d'Azur": "Provence",
    "GB Scotland": "Schottland", "GB Northern Ireland": "Nordirland", "IT Aosta Valley": "Aostatal",
    "IT Apulia": "Apulien, Puglia", "IT Calabria": "Kalabrien", "IT Campania": "Kampanien", "IT Lazio": "Latium",
    "IT Liguria": "Ligurien", "IT Lombardy": "Lombardei, Lombardia", "IT Marche": "Marken, The Marches",
    "IT Piedmont": "Piemont, Piemonte", "IT Sardinia": "Sardinien, Sardegna", "IT Sicily": "Sizilien, Sicilia",
    "IT Trentino-Alto Adige": "Südtirol, South Tyrol, Trentino", "IT Tuscany": "Toskana, Toscana",
    "IT Umbria": "Umbrien", "IT Veneto": "Venetien", "US California": "Kalifornien",
}  # fmt: skip

# Country code and name of a city in the gazetteer: name shown.
CITIES = {"US New York City": "New York"}

# Country code and shown name of a city: other names.
OTHER_CITIES = {
    "AT Vienna": "Wien", "BE Antwerpen": "Antwerp, Anvers", "BE Brugge": "Bruges, Brügge",
    "BE Brussels": "Brüssel, Bruxelles, Brussel", "BE Gent": "Ghent, Gand", "BE Liège": "Lüttich, Luik",
    "BE Leuven": "Löwen, Louvain", "BG Sofia": "Sofija", "CH Basel": "Basle, Bâle", "CH Bern": "Berne",
    "CH Genève": "Geneva, Genf", "CH Luzern": "Lucerne", "CN Beijing": "Peking", "CN Guangzhou": "Kanton, Canton",
    "CN Shanghai": "Schanghai", "CU Havana": "Havanna, La Habana", "CZ Brno": "Brünn",
    "CZ Karlovy Vary": "Karlsbad, Carlsbad", "CZ Pilsen": "Plzeň", "CZ Prague": "Prag, Praha",
    "DE Aachen": "Aix-la-Chapelle", "DE Braunschweig": "Brunswick", "DE Frankfurt am Main": "Frankfurt",
    "DE Hannover": "Hanover", "DE Köln": "Cologne", "DE Koblenz": "Coblenz", "DE Konstanz": "Constance",
    "DE Munich": "München", "DE Nürnberg": "Nuremberg", "DE Freiburg": "Freiburg im Breisgau",
    "DK Copenhagen": "Kopenhagen, København", "DZ Algiers": "Algier", "EE Tallinn": "Reval",
    "EG Alexandria": "Alexandrien", "EG Cairo": "Kairo", "ES Sevilla": "Seville", "ES Córdoba": "Cordova",
    "ES Donostia / San Sebastián": "Donostia, San Sebastián", "ES Zaragoza": "Saragossa",
    "ES Palma": "Palma de Mallorca", "FR Strasbourg": "Straßburg", "FR Nice": "Nizza", "FR Mulhouse": "Mülhausen",
    "FR Marseille": "Marseilles", "FR Dunkerque": "Dunkirk, Dünkirchen", "GE Tbilisi": "Tiflis",
    "GR Athens": "Athen, Athina", "GR Thessaloníki": "Saloniki, Salonica", "GR Ródos": "Rhodes, Rhodos",
    "GR Irákleion": "Heraklion", "GR Chaniá": "Chania, Hania", "GR Corfu": "Korfu, Kerkyra",
    "HK Hong Kong": "Hongkong", "HR Zagreb": "Agram", "HR Dubrovnik": "Ragusa", "ID Jakarta": "Djakarta",
    "IN Mumbai": "Bombay", "IN Kolkata": "Kalkutta, Calcutta", "IN New Delhi": "Neu-Delhi",
    "IS Reykjavík": "Reykjavik", "IT Bolzano": "Bozen", "IT Florence": "Florenz, Firenze",
    "IT Genoa": "Genua, Genova", "IT Merano": "Meran", "IT Milan": "Mailand, Milano", "IT Naples": "Neapel, Napoli",
    "IT Padova": "Padua", "IT Mantova": "Mantua", "IT Rome": "Rom, Roma", "IT Siracusa": "Syrakus, Syracuse",
    "IT Trento": "Trient", "IT Trieste": "Triest", "IT Turin": "Torino", "IT Venice": "Venedig, Venezia",
    "IT Bressanone": "Brixen", "JP Tokyo": "Tokio", "KR Seoul": "Söul", "LB Beirut": "Beyrouth",
    "LU Luxembourg": "Luxemburg", "LV Riga": "Rīga", "LT Vilnius": "Wilna", "MA Marrakesh": "Marrakesch, Marrakech",
    "MA Fes": "Fez, Fès", "MA Tangier": "Tanger", "MX Mexico City": "Mexiko-Stadt, Ciudad de México",
    "NL The Hague": "Den Haag, 's-Gravenhage", "NL Nijmegen": "Nimwegen", "PL Gdańsk": "Danzig",
    "PL Kraków": "Krakau, Cracow", "PL Poznań": "Posen", "PL Szczecin": "Stettin", "PL Toruń": "Thorn",
    "PL Warsaw": "Warschau, Warszawa", "PL Wrocław": "Breslau", "PL Katowice": "Kattowitz",
    "PT Lisbon": "Lissabon, Lisboa", "PT Porto": "Oporto", "RO Bucharest": "Bukarest, București",
    "RO Sibiu": "Hermannstadt", "RO Braşov": "Kronstadt, Brașov", "RS Belgrade": "Belgrad, Beograd",
    "RU Kaliningrad": "Königsberg", "RU Moscow": "Moskau, Moskva",
    "RU Saint Petersburg": "Sankt Petersburg, St. Petersburg, St Petersburg", "SE Göteborg": "Gothenburg",
    "SG Singapore": "Singapur", "SI Ljubljana": "Laibach", "SK Bratislava": "Pressburg", "SY Damascus": "Damaskus",
    "TH Bangkok": "Krung Thep", "TR Istanbul": "Constantinople, Konstantinopel", "UA Kyiv": "Kiev, Kiew",
    "UA Lviv": "Lemberg", "UA Odesa": "Odessa", "US New York": "New York City, NYC",
    "US Washington": "Washington, D.C., Washington DC", "US San Francisco": "SF", "US Los Angeles": "LA",
    "VA Vatican City": "Vatikanstadt, Vatikan", "VN Ho Chi Minh City": "Saigon", "ZA Cape Town": "Kapstadt",
    "AE Dubai": "Dubayy", "PE Machupicchu": "Machu Picchu, Aguas Calientes", "RS Novi Sad": "Neusatz",
    "IR Tehran": "Teheran", "IQ Baghdad": "Bagdad", "LY Tripoli": "Tripolis", "NP Kathmandu": "Katmandu",
    "MM Yangon": "Rangun, Rangoon", "AZ Baku": "Bakı", "AM Yerevan": "Eriwan, Jerewan",
    "IL Jerusalem": "Yerushalayim", "CY Nicosia": "Nikosia",
}  # fmt: skip
