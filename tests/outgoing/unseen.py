"""Texts that were written before the present rules and only ever measured on (CC0): new families, other countries.

Marked as in `holdout.py`.
"""

PERSONAL = """
If the boiler fails, dial {phone|0117 496 0842}.
Sie erreichen uns unter {phone|0221 4710-123} von 9 bis 17 Uhr.
Handynummer {phone|0176-98765432}
Rückruf erbeten: {phone|0 89/32 16 84}
Joignable au {phone|07 55 12 34 56} le soir
N° de tél. {phone|+33 (0)4 91 00 12 34}
tfno. {phone|954 12 34 56}
mi celular es {phone|55 1234 5678}
Recapito telefonico: {phone|02/12345678}
tel/fax {phone|051-123456}
Telefone para contato: {phone|+55 11 2345-6789}
Telefoonnummer {phone|0475 12 34 56}
nr tel. {phone|+48 501 234 567}
Mobilnummer: {phone|+46 (0)73-123 45 67}
matkapuhelin {phone|+358 50 123 4567}
連絡先：{phone|06-6123-4567}
手机 {phone|13912345678}
연락처: {phone|02-123-4567}
Телефон {phone|+380 44 123 45 67}
Telefon: {phone|0212 555 12 34}
טלפון {phone|03-1234567}
الهاتف: {phone|+971 4 123 4567}
You can sms me at {phone|0821234567}.
My work number: {phone|604-555-0171 ext. 22}
Phones: {phone|(646) 555-0110}, {phone|(646) 555-0111}
Switchboard {phone|+353 1 555 0100}, lift engineer {phone|085 555 0123}
Hotline {phone|0800 555 0100} (free)
Landline {phone|+64 9 555 0123}; cell {phone|021 555 0123}
call me back at {phone|3105550147}
"phoneNumber": "{phone|+6591234567}"
{phone|(0)20-7946 0555} is my direct line.
Viber / Telegram: {phone|+995 555 12 34 56}
{phone|+1 (868) 555-0134}
Driver's mobile {phone|+52 1 55 1234 5678}
Zastihnete mě na {phone|+420 601 123 456}.
At noon {person|Beatrix Holloway-Finch} cancelled the order.
The complaint by {person|Pádraig Mac Giolla} was dismissed.
Our new colleague {person|Ayşe Yıldırım} starts in March.
{person|Mohammed bin Rashid}, aged 61, was admitted to ward 4.
{person|Ishaan Chatterjee} paid in cash; {person|Meera} will bring the receipt.
Her grandmother {person|Ljubica Petrović} lives in Novi Sad.
{person|Thabo Mokoena} and {person|Lerato Dlamini} were both on call.
{person|Kim Min-jun} submitted the form twice.
{person|Zhang Wei} forgot his badge.
{person|Søren Kjeldgaard} skrev under i går.
La señora {person|Encarnación Robledo} pidió una cita.
{person|Thiago Albuquerque} não compareceu à reunião.
Il signor {person|Ettore Mazzantini} ha chiamato.
{person|Agnieszka Dąbrowska} podpisała umowę.
Pan {person|Wojciech Jabłoński} nie odebrał paczki.
M. {person|Théophile Gaudreau} sera absent.
Gespräch mit {person|Annegret Schnabelrauch} am Dienstag
Liebe {person|Mechthild},\\ndanke für den Brief.
Sehr geehrter Herr {person|Oberländer},
Estimado {person|Sr. Quiroga}:
Chère {person|Maëlys},\\nmerci pour tout.
Viele Grüße\\n{person|Lutz Hintermeier}
Bien à vous,\\n{person|Corentin Le Goff}
Warm regards,\\n\\n{person|Nkechi Obiora}\\nHead of Sales
-- \\n{person|Matthias Eberl}\\nIT Services
Från: {person|Torbjörn Hallgren}
Von: {person|Sabine Dreyer} <{email|s.dreyer@firma.example}>
Absender: {person|Karl-Heinz Wüst}
Attn: {person|Gwendolyn Marsh}
nombre,apellidos\\n{person|Yolanda},{person|Ibáñez Soriano}
Vorname;Nachname;Ort\\n{person|Ottilie};{person|Krauthammer};Ulm
employee,salary\\n{person|Farouk Benhaddou},41000\\n{person|Gertrude Nakato},39500
"firstName": "{person|Caoimhe}", "lastName": "{person|Ní Bhriain}"
Reported by: {person|A. Thornbury}
Judge {person|Rosalind Pemberton} adjourned the hearing.
Captain {person|Idris Farouk} took the night watch.
The plaintiff, {person|Bartholomew Quigg}, seeks damages.
{person|Mr and Mrs Featherstonehaugh} are expected at six.
Patient {person|Zsófia Horváth} discharged home
I'm {person|Delphine} from accounts.
my name's {person|Kofi}
cc {person|Jomo Wanjiru}, {person|Akinyi Otieno}
written by {person|Saoirse Brannigan} for the local paper
{person|Harriet Plumtree} emailed us about the fence.
We thank {person|Valentina Caruso} and {person|Ryszard Nowicki} for their help.
The accounts of {person|Elspeth McAllister} and {person|Hamish} were merged.
{person|Tomoko Ishikawa} 様
Landlord: {person|Gurpreet Singh Dhillon}
Deliver the cake to {address|5 Orchard Close, Taunton TA1 2QD}.
{address|The Old Forge, 3 Mill Lane, Ambleside}
{address|Schillerstr. 28, 69115 Heidelberg}
wohnhaft {address|Zum Birkenhain 4, 03046 Cottbus}
{address|An der Alster 61\\n20099 Hamburg}
{address|Mariahilfer Straße 101/12, 1060 Wien}
{address|3, place Bellecour, 69002 Lyon}
demeurant {address|118 boulevard Voltaire, 75011 Paris}
{address|C/ Serrano, 45, 2º izq., 28001 Madrid}
{address|Passeig de Gràcia 92, 08008 Barcelona}
residente in {address|via Dante Alighieri 7, 50122 Firenze}
{address|Corso Buenos Aires 33, 20124 Milano}
{address|Prinsengracht 263-267, 1016 GV Amsterdam}
{address|Avenue Louise 250, 1050 Bruxelles}
{address|Av. Paulista, 1578 - Bela Vista, São Paulo - SP}
{address|Travessa do Carmo 12, 1200-095 Lisboa}
{address|al. Jerozolimskie 65/79, 00-697 Warszawa}
{address|os. Słoneczne 4/12, 31-957 Kraków}
{address|Drottninggatan 71 A, 111 36 Stockholm}
{address|Bygdøy allé 2, 0257 Oslo}
{address|H.C. Andersens Boulevard 27, 1553 København}
{address|Hämeenkatu 18, 33200 Tampere}
{address|2200 Pennsylvania Ave NW, Washington, DC 20037}
{address|77 Massachusetts Avenue, Cambridge MA 02139}
{address|RR 2 Box 118, Millbrook, IN 46120}
{address|1050 West Georgia Street, Vancouver, BC V6E 3P3}
{address|PO Box 99, Wagga Wagga NSW 2650}
{address|15/42 Kangaroo Parade, Fremantle WA 6160}
{address|House 7, Road 12, Dhanmondi, Dhaka 1209}
{address|B-204, Shanti Apartments, Andheri West, Mumbai 400058}
{address|Blk 123 Ang Mo Kio Avenue 3 #05-12, Singapore 560123}
{address|Jl. Sudirman No. 45, Jakarta 10210}
{address|2-11-3 Meguro, Meguro-ku, Tokyo 153-0063}
{address|Kossuth Lajos tér 3, 1055 Budapest}
{address|Strada Lipscani 22, București 030033}
{address|İstiklal Cad. 142/5, Beyoğlu, İstanbul}
{address|пр. Невский, 28, Санкт-Петербург, 191186}
{address|Dizengoff St 50, Tel Aviv}
{address|Carrera 7 # 71-21, Bogotá}
{address|Av. 18 de Julio 1234, Montevideo}
His wife moved into {address|9 Bramble Row} in spring.
We live on {address|23rd Avenue 118, Queens}
Shipping address: {address|6 Thornhill Park, Sunderland}
Lieferadresse: {address|Rosenweg 5, 88045 Friedrichshafen}
straat,plaats\\n{address|Lange Nieuwstraat 44},Utrecht
""".strip().split("\n")

CLEAN = """
Call 5 workers, reach 250000 items, text 40 kB
Dial gauge 0.01 mm, ring diameter 120.55 mm, cell 3 of 12
Telephone penetration rose from 120 345 678 to 134 567 890 lines.
cell_count: 1234567, home_value: 345000, office_sqm: 12500
number of calls 1204567 in 2023, 1304567 in 2024
handy 3000 tool set, art. no. 0176-98-76
mobile sessions 2,345,678; desktop sessions 9,876,543
fax machines: 12 345 678 in 1997
elapsed 00:12:34.567890; started 1718000000; pid 31337
03-04-2025, 04.05.2025, 2025/06/07, 08 09 2025
12 500 000 ha; 34 600 000 t; 78 900 000 m3
10.1000/182 and arXiv:2301.12345, PMID 34567890
Bestell-Nr. 0221-4710-12, Charge 0815-4711
UPC 012345678905, ASIN B08N5WRWNW
40.7128 N 74.0060 W; UTM 33U 389918 5819700
AT&T 2024 Q3: 12.3 17.8 22.4
Lot 12-34-56-78, row 090-1234
3.141592653589793 2.718281828459045
06 12 18 24 30 36 42
[[1, 2], [3, 4]] shape (1000, 2000) stride (8000, 8)
GPU 0 00000000:3B:00.0 Off 0
phone model,units\\nPixel 8,120\\niPhone 15,340
callback(1234567) returned 0
+10 000 000 EUR, +250 000 jobs, +1 200 345 units
Wahlkreis 075: 123 456 Stimmen, 45 678 Briefwahl
1-2-3-4-5-6-7-8 and 10-20-30-40
HTTP 404 2024-05-06 12:13:14 1234 5678 9012
AA 1234 567 890 is the model plate of the pump
Great Barrier Reef, Table Mountain and Victoria Falls
Saxony-Anhalt, Lower Saxony and Baden-Württemberg
Kuala Lumpur, Buenos Aires and Addis Ababa grew most.
Santa Barbara and San Diego are in California; Santa Cruz too.
Madison Square Garden, Hyde Park and Abbey Road Studios
Random House and Simon & Schuster merged; Johnson & Johnson did not.
The Jensen-Shannon divergence and the Cauchy-Schwarz inequality
Pearson correlation, Fisher exact test, Kendall Tau, Student t
Marvin Gardens and Park Place are on the Monopoly board.
Le Monde, El País and Die Zeit reported it.
Porsche Taycan, Tesla Model and Volkswagen Golf were compared.
Martin Luther King Day, Presidents Day, Saint Patrick's Day
Washington State, Virginia Tech and Penn State won.
Harley Davidson and Jack Daniels are brands.
Paris Agreement, Lisbon Treaty and Marshall Plan
General Electric, Morgan Stanley and Wells Fargo rose.
Saint Helena and Prince Edward Island have few inhabitants.
Max Pooling, Adam Optimizer, Ada Boost, Dolly Zoom
Grace period, Joy Division, Hope College, Faith in data
Peter Pan Bus Lines runs to Springfield.
Der Januar war kalt, der März mild; Herr der Ringe läuft.
La Rioja, Castilla y León y Santa Fe crecieron.
Le Havre, Saint-Étienne et Clermont-Ferrand
Liebe Kolleginnen und Kollegen,
Chers clients, bonjour à tous
Viele Grüße\\nDas Team
Bien à vous,\\nLe service client
-- \\nSent from my phone
Author: Department of Statistics
Manager: Spring Boot Actuator
name: Daily Sales, owner: Data Platform
item name,stock\\nGranny Smith,12\\nLady Finger,4\\nKing Edward,9
city_name,mayor_since\\nAnnapolis,2017\\nAlexandria,2019
user,role\\nadmin,owner\\nguest,reader
client,version\\nFirefox Focus,120\\nGoogle Chrome,121
Patient Safety Index, Employee Turnover, Student Loans
Judge panels, Captain cards and Doctor visits
We thank the Ministry of Health and Bristol City Council.
written by hand, signed by both, approved by the Board
Dr. Martens boots, Mr. Proper and Mrs. Fields Cookies sold out.
Windows Server 2019, Visual Basic 6, Office Home 2021
Step 4 Drive the screws; Stage 2 Close the valve
2 Way Street Light, 3 Row Seats, 4 Court Tennis Hall
In 2020 Way Forward launched 12 Lane projects.
1000 Islands, 500 Miles, 50 Shades Green
Exit 12 Parkway, Terminal 3 Gate 22, Track 9
20 Minuten Weg, 3 Plätze frei, Allee mit 12 Bäumen
Am Montag 12 Uhr, im Mai 2024, zum Preis 15
rue de la paix, place du marché, avenue principale
Via email 3 times, via port 8080, Corso 2024
10115 Berlin und 20095 Hamburg haben je 3 Filialen.
Lagos 15388000, Kinshasa 16316000, Cairo 21750000
No. 1 hit, No. 45 seed, Plot 3 shows Sector 7
Level 2 support, Block 5 mined, House 34 votes, Tower 3 built
Avenue Q is a musical; Boulevard 2024 a festival.
Storgatan is Swedish for high street; gata means street.
7 Days Inn, 4 Seasons Court Hotel chain, 21 Jump Street
Table 12 Road traffic deaths by region
Carrera 911 Turbo, Calle Real estate fund 3
The 100 Acre Wood, 3 Mile Island, 8 Mile Road movie
100 Main, 200 Broad, 300 High observations per class
Adelaide, Sydney and Florence are names of cities, too.
Chelsea beat Arsenal; Lincoln City drew with Preston North End.
Mercedes, Dacia and Lancia closed plants in August.
June 2024, May 2025 and April 2026 are missing.
Jordan, Chad and Georgia export less than Israel.
""".strip().split("\n")
