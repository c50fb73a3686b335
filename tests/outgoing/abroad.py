"""More texts written for this project (CC0): telephones, names and addresses of many countries, and look-alikes.

The rules were tuned on these; `unseen.py` was written at the same time and looked at only to measure.
Marked as in `holdout.py`.
"""

PERSONAL = """
Tel.: {phone|030 / 901820-14}, montags geschlossen
Mobil {phone|0151 23456789} oder abends {phone|0171/1234567}
Ruf mich an: {phone|+43 (0)1 58058-0}
Téléphone : {phone|01.99.00.25.41} (heures de bureau)
Portable {phone|06 39 98 12 45}, fixe {phone|04-99-00-11-22}
Móvil: {phone|612 345 678}, oficina {phone|91 234 56 78}
Llámame al {phone|+34 655 123 456} mañana.
Chiamami al {phone|333 1234567} dopo cena.
Tel. {phone|06 6982 1234} int. 5, cell. {phone|+39 347 123 4567}
Ligue para {phone|(11) 91234-5678} ou {phone|(21) 2345-6789}.
Telemóvel {phone|912 345 678}
Bel {phone|020-1234567} of {phone|06-12345678} voor een afspraak.
Telefon: {phone|22 123 45 67}, kom. {phone|601 234 567}
Ring mig på {phone|070-174 06 05} efter sex.
Puh. {phone|040 123 4567}
Tlf. {phone|22 12 34 56}, mobil {phone|912 34 567}
電話: {phone|03-1234-5678}
携帯 {phone|090-1234-5678} までご連絡ください
电话：{phone|138 1234 5678}
전화 {phone|010-1234-5678}
Тел.: {phone|8 (495) 123-45-67}, моб. {phone|+7 916 123 45 67}
Whatsapp me on {phone|98765 43210}.
Mob: {phone|+91-98765-43210}
Phone {phone|1300 975 707}, after hours {phone|0491 570 156}
Call {phone|(02) 5550 1234} for bookings.
Give us a ring on {phone|01632 960 983}.
Her extension: {phone|(212) 555-0142 x 305}
Fax {phone|+1.415.555.0188}
{phone|+44 (0)20 7946 0018} is the switchboard.
Contact: {phone|+254 712 345678} or {phone|+27 82 123 4567}
GSM {phone|0532 123 45 67}
My cell is {phone|917.555.0123}, text before you come.
Text {phone|5551234567} when the pump is back.
Toll-free {phone|1-800-555-0199} in the US and Canada
The plumber ({phone|020 7946 0999}) comes on Tuesday.
{phone|0 20 7946 0123} rang twice and left no message on my phone.
m: {phone|0412 555 019} | w: {phone|03 5550 4321}
tel:{phone|+49-89-636-48018}
Yesterday {person|Aurelio Bentivoglio} sent the contract back.
According to {person|Ngozi Adeyemi-Clarke}, the shipment left on Monday.
I spoke with {person|Tomasz Wiśniewski} about the leak.
The house belongs to {person|Siobhán O'Rourke} and her husband {person|Declan}.
We interviewed {person|Nguyễn Thị Mai} and {person|Trần Văn Hùng} last week.
{person|Fatima Al-Zahrani} has been promoted to head of payroll.
Please ask {person|Kwabena Osei} for the keys.
The tenant, {person|Ingeborg Saltvik}, has complained twice.
{person|Yuki Tanaka} and {person|Haruto Sato} won the doubles.
{person|Dmitri Volkov} transferred the deposit in May.
{person|María José Castaño} no ha firmado todavía.
El paciente {person|Joaquín Etxeberria} ingresó el lunes.
Madame {person|Solène Kervadec} a appelé ce matin.
Le dossier de {person|Jean-Baptiste Moreau} est incomplet.
Herr {person|Ulrich Pfannenschmidt} hat gekündigt.
Sehr geehrte Frau {person|Dr. Käthe Brüggemann},
Mit freundlichen Grüßen\\n{person|Heiko Stadelmann}
Cordialement,\\n{person|Apolline Fabre-Laurens}
Un saludo,\\n{person|Iñaki Goikoetxea}
Best,\\n{person|Rajesh Krishnamurthy}\\nSenior Analyst
Met vriendelijke groet,\\n{person|Joost van der Heijden}
Med vänlig hälsning\\n{person|Gunnel Åkerblom}
From: {person|Oluwaseun Bakare} <{email|o.bakare@post.example>}
To: {person|Svetlana Morozova} <{email|svetlana@mail.example}>, {person|Bjarne Thorvald} <{email|bt@mail.example}>
Cc: "{person|Kuznetsov, Alexei}" <{email|ak@mail.example}>
first_name,last_name,city\\n{person|Zdeněk},{person|Procházka},Brno\\n{person|Mwangi},{person|Kariuki},Nakuru
Name;Betrag\\n{person|Björn Achterkamp};120,00
nom,prenom,montant\\n{person|Delacroix},{person|Ysaline},45
Teacher: {person|Hyun-woo Park}; room 12
Witness {person|Abdulrahman Qureshi} confirmed the time.
Nurse {person|Chidinma Eze} noted a fever at 6 pm.
Signed by {person|P. J. Ravenscroft} on behalf of the seller
{person|Annika Järvinen} (42), a baker from Turku, won the prize.
{person|Leticia Villaseñor}'s passport expires in June.
The driver was {person|Emeka Nwosu}, who had no licence.
Invoice for {person|Mrs Thistlewood}, due on the 5th
Hello {person|Anthea},\\nthanks for the photos.
Assigned to {person|Gregor Bălănescu}, reviewed by {person|Li Xiaoming}
Author: {person|Vikram Subramanian}
the will of the late {person|Cornelius Van Houten}
{person|Sir Peregrine Halloway} opened the show.
Signed: {person|Wolfgang Amsel}
Emergency contact: {person|Tamsin Kettlewell} (sister)
She was examined by {person|Dr Mbeki-Sithole} at noon.
Please deliver to {address|14 Rue Saint-Honoré, 75001 Paris}.
{address|Hauptstraße 12a, 80331 München}
Anschrift: {address|Am Alten Markt 7, 14467 Potsdam}
Wir wohnen {address|Unter den Linden 77, 10117 Berlin}.
{address|Bahnhofstr. 3\\n8001 Zürich}
{address|Calle Mayor 5, 3º B, 28013 Madrid}
Mi dirección: {address|Avenida de la Constitución, 23, 41001 Sevilla}
{address|Via Garibaldi, 18 - 20121 Milano MI}
Abita in {address|Piazza San Marco 4, 30124 Venezia}
{address|Keizersgracht 241, 1016 EA Amsterdam}
{address|Rua Augusta 1508, São Paulo - SP, 01304-001}
Morada: {address|Rua das Flores, n.º 12, 2.º Esq., 4050-262 Porto}
{address|ul. Marszałkowska 84/92 m. 12, 00-514 Warszawa}
Bor på {address|Storgatan 14, 111 23 Stockholm}
{address|Karl Johans gate 22, 0159 Oslo}
{address|Vesterbrogade 3, 1620 København V}
{address|Mannerheimintie 12 B, 00100 Helsinki}
{address|10 Downing Road, Leeds LS1 4DY}
{address|Flat 3, 27 Albemarle Gardens, London W1S 4HX}
Rose Cottage, {address|Church Lane, Great Missenden HP16 0AL}
{address|1234 NW Maple Ct #5, Portland, OR 97209}
{address|350 Fifth Avenue, 21st Floor, New York, NY 10118}
{address|P.O. Box 4410, Boise, Idaho 83701}
Postfach: {address|Postfach 12 34 56, 20095 Hamburg}
{address|BP 128, 69003 Lyon Cedex 03}
{address|Apartado de Correos 234, 28080 Madrid}
{address|1-7-1 Konan, Minato-ku, Tokyo 108-0075}
{address|Flat 12B, Tower 3, 88 Nathan Road, Kowloon}
{address|No. 45, Jalan Bukit Bintang, 55100 Kuala Lumpur}
{address|Plot 14, Sector 22, Gurgaon 122015}
{address|221 MG Road, Bengaluru 560001}
{address|12 Adeola Odeku Street, Victoria Island, Lagos}
{address|Level 4, 120 Collins Street, Melbourne VIC 3000}
{address|ул. Тверская, д. 7, кв. 15, Москва 125009}
{address|Atatürk Caddesi No: 25, 34710 Kadıköy/İstanbul}
{address|Váci utca 19, 1052 Budapest}
{address|Václavské náměstí 12, 110 00 Praha 1}
{address|Οδός Ερμού 15, 105 63 Αθήνα}
street,city\\n{address|Kirkegata 9},Tromsø
The parcel went to {address|88 Larkspur Crescent} by mistake.
the flat at {address|17 Elm Grove} was sold
Her new place is {address|59 St. Brendan's Terrace, Galway}.
Meet at {address|400 W Broadway, Suite 210, San Diego, CA 92101} at nine.
Bezorgen bij {address|Dorpsstraat 8b, 3421 XJ Oudewater}
Adresse de livraison : {address|27 bis avenue Victor Hugo, 33000 Bordeaux}
""".strip().split("\n")

CLEAN = """
Call 3 functions with 1200 rows each and time them.
The phone has 128 GB and 4500 mAh; call quality 4.5 of 5.
Ring buffer of 1048576 bytes, text segment 40960 bytes
Reach 100 000 users by 2026-12-31.
Contact rate 12.5 per 1000, home share 45 to 55 percent
tel: false, mobile: true, fax: null
mobile,2019,2020,2021\\nvisits,1200345,1345678,1456789
Office 365 costs 12.50 a month; Windows 11 24H2 is out.
The number is 1000000007, a prime.
Text 1: 2345 words; text 2: 10234567 characters
0.030 901 820 14
11-22-33-44-55 is a pattern, 12/05/2024 10:15:30 a time.
52.520008, 13.404954; 48.8566 2.3522; -33.8688 151.2093
EUR 1 234 567,89 and USD 12,345,678.90 in total
1 234 567 visitors in 2023, 1 345 678 in 2024
ISBN 978 0 262 03384 8, EAN 4006381333931
2024-01-15T10:30:00+01:00 and 1705311000123456
Artikelnummer 030-901-820, Bestellung 4711-0815-2024
Rechnung Nr. 2024/0012345 vom 12.03.2024
Facture 2023-11-00456, montant 1 250,00 EUR
npm 10.2.4, node v20.11.1, libssl 3.0.13-1
192.168.1.10/24 dev eth0; metric 100 200 300
1. 2. 3. 4. 5. 6. 7. 8. 9. 10.
(100) (200) (300) 400 500 600
0123456789 0123456789
+1.5 -2.25 +3.75 +1000000
Ergebnisse: 12 34 56 78 90 11
p. 123-456; vol. 12, pp. 1034-1042
chr1:155234567-155239876
Flight LH 1234 at 10:55, gate B22, seat 14C
serial 020-1234567-AB
Model XJ 900-123-4567 weighs 3 kg.
SKU 555-123-4567
Section 800-53 of NIST 800-171-2
the 1914-1918 and 1939-1945 wars
Mississippi River, Rocky Mountains and Lake Michigan
Southern California, Western Australia and Northern Ireland
Berlin, Hamburg and Munich have 3.7, 1.9 and 1.5 million people.
New York,8336817\\nLos Angeles,3979576\\nChicago,2693976
Country;Capital\\nFrance;Paris\\nGermany;Berlin\\nPortugal;Lisbon
The Samsung Galaxy and the Apple Watch sold well.
Oxford Street and Wall Street are famous.
Silicon Valley firms and Fleet Street papers
The Mann-Whitney U test and the Kruskal-Wallis test agree.
Gaussian Mixture and Naive Bayes were compared with XGBoost.
On Black Friday the Nintendo Switch cost 299 dollars.
The Eiffel Tower, Big Ben and the Brandenburg Gate
Sherlock Holmes Museum opens at ten.
Hurricane Katrina and Tropical Storm Nadine
San Francisco Giants beat Los Angeles Dodgers 5-3.
In April and May, June sales grew; August was weak.
Data Science Team, Quality Assurance, Human Resources
Dear Sir or Madam, dear all,
Sincerely,\\nCustomer Service
Kind regards,\\nYour Billing Team
Best,\\nThe Editors
From: noreply\\nSubject: Monthly Report\\nDate: Mon, 3 Mar 2025
Name: total_revenue, Type: float, Unit: EUR
name,value\\nalpha,1\\nbeta,2
name,price\\nDesk Lamp,20\\nOffice Chair,99\\nCoffee Mug,7
product_name,qty\\nVictoria Sponge,3\\nEarl Grey,12
Author: unknown; Owner: root; Manager: systemd
customer,total\\nAcme GmbH,1200\\nNorthwind Traders,900
Teacher Training Programme, Nurse Staffing Levels
Witness statements were signed by both parties.
Assigned to nobody, reviewed by the Board of Directors
Le rapport de Mars montre une hausse; la Banque de France confirme.
Sehr geehrte Damen und Herren,
Mit freundlichen Grüßen\\nIhr Kundendienst
La Comunidad de Madrid y la Junta de Andalucía firmaron.
Deutsche Bahn, Bayerische Motoren Werke und Rotes Kreuz
I am Legend is a film; This Is Spinal Tap as well.
Monte Carlo simulation, Markov Chain, Bloom Filter, Red Black Tree
Kubernetes Pod, Docker Compose, Elastic Search, Power BI
The Ford Focus beat the Mercedes Benz and the Alfa Romeo.
12 Monkeys Street Team, 24 Hour Drive, 100 Days Way
3 Road bikes, 2 Street lamps and 10 Park benches
Route 66 and Highway 101 are closed; Interstate 95 is open.
Box 12 and Unit 4 are in Room 101, Floor 3.
Chapter 7 Lane Detection, Table 3 Court Cases
5 Star Hotel, 7 Eleven, 3 Point Line, 10 Square Meters
Platz 3 im Rennen, Weg 12 km, Straße gesperrt
Die Straße 2023: 12 Unfälle; auf dem Weg 3 Stunden
Via 3 nodes; via Rome 2 hours; Calle 13 is a band.
In 2019 Paris had 2148000 inhabitants, Lyon 516092.
75001 rows were read, 80331 written, 10117 skipped
Rue 89 was a web site; avenue of growth 2025
The street had 14 houses and 3 shops.
Top 10 Avenue brands of 2024
Apollo 11, Boeing 747, Airbus A320 and Saturn 5
Population density: Manila 46178, Mumbai 28508, Paris 21498
P 12 345, Q 67 890, box plot 25 50 75
Iris Setosa, Iris Virginica and Rosa Canina were measured.
Charlotte, Austin, Jackson and Madison are cities; so is Victoria.
mean(x)=3.2\\nmedian(x)=3.0\\nmode(x)=2
2024 2025 2026 2027 2028
1000000 2000000 3000000
20240115 20240116 20240117
A100 80GB, H100 PCIe, RTX 4090 24 GB
Thanks,\\nGitHub Actions
Hi Team,\\nthe build is green.
Contact: Help Desk, Building 4
""".strip().split("\n")
