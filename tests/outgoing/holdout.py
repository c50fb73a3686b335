"""Texts written for this project before the rules were tried on them (CC0).

`{kind|value}` marks what is personal. Numbers that carry a checksum have a right one; none belongs to anybody.
"""

import re

MARK = re.compile(r"\{(\w+)\|([^{}]*)\}")

PERSONAL = """
Ticket 88121: caller left {phone|+44 20 7946 0958} and asks to be rung back after 17:00.
Please forward the signed lease to {email|m.okonkwo@lagoslets.example} by Friday.
payer;amount;account\\n{person|Greta Lindqvist};120.00;{iban|SE45 5000 0000 0583 9825 7466}
{"user": "tkhan", "contact": "{email|t.khan+billing@shop.example.org}", "ip": "{ip|203.0.113.77}"}
Card on file {card|4012 8888 8888 1881}, expires 09/28, was declined.
The refund goes to {card|5555555555554444} within three days.
Amex {card|3782 822463 10005} was charged twice.
SSN: {ssn|219-09-9999}; employer since 2011.
Her social security number is {ssn|457-55-5462}.
Patient NHS number {national_id|943 476 5919}, seen in clinic on 4 March.
NI number {national_id|QQ 12 34 56 C} is missing from the payslip.
Überweisung an {iban|DE89 3704 0044 0532 0130 00}, Verwendungszweck Miete.
Virement vers {iban|FR14 2004 1010 0505 0001 3M02 606}.
IBAN {iban|GB29NWBK60161331926819} BIC NWBKGB2L
sshd[211]: Failed password for root from {ip|198.51.100.23} port 52144 ssh2
Client {ip|2001:db8:85a3::8a2e:370:7334} requested /index.html
DHCPACK on 10.0.0.5 to {mac|3c:22:fb:9a:10:4e} via eth0
Device {mac|00-1B-44-11-3A-B7} joined the guest network.
Call the surgery on {phone|(020) 7946 0321} to rebook.
Mobile: {phone|07700 900461}
Ring {phone|(415) 555-0132} or write to {email|desk@bayrentals.example}.
Tel. {phone|+49 30 901820-14}, Fax {phone|+49 30 901820-99}
Téléphone : {phone|01 99 00 25 41}
WhatsApp {phone|+91 98765 43210} any time.
phone,{phone|212-555-0187}
Reach me at {phone|503.555.0119} until noon.
Ship to {address|42 Wisteria Lane, Fairview, OR 97024}.
Deliver to: {address|221B Baker Street, London NW1 6XE}
Wohnhaft in der {address|Lindenstraße 14, 50674 Köln}.
Habite au {address|12 rue des Lilas, 75019 Paris}.
Mail the check to {address|PO Box 1187, Bend, OR 97709}.
She lives at {address|7 Acacia Avenue, Croydon CR0 2XY} with her brother.
The parcel for {address|1600 Harbour View Blvd Apt 12, Tampa, FL 33602} came back.
Vive en {address|Calle de Alcalá 48, 28014 Madrid}.
Date of birth: {birth_date|12/04/1987}
born on {birth_date|3 July 1952} in a small town
DOB {birth_date|1990-11-23}, blood group O
Passport No. {passport|533401372} expires next year.
passport: {passport|C01X00T47}
Driver's license {licence|D1234562} issued in California
Driving licence number {licence|MORGA657054SM9IJ}
Dear {person|Mr. Abernathy},\\nthank you for your letter.
Kind regards,\\n{person|Priya Raghunathan}\\nAccounts
Name: {person|Wendell Okafor}
Patient: {person|Lucía Fernández Prado}
{person|Dr. Hannah Weiss} reviewed the scan with {person|Prof. Liam Gallagher}.
My name is {person|Tobias Reinholt} and I want to cancel.
Approved by {person|Maria Gonzalez} on behalf of the board.
Hi {person|Jennifer},\\nthe keys are with {person|Robert Miller}.
Employee {person|James Carter} moved to {person|Susan Wright}'s team.
Contact person: {person|Anneliese Vogt}, {phone|+41 44 668 18 00}
We met {person|David Johnson} and {person|Emily Clark} in the lobby.
Signed,\\n{person|Patricia Hughes}
{person|Ms Nakamura} asked for {person|Michael Brown}'s file.
full_name,email\\n{person|Omar Haddad},{email|omar.haddad@post.example}
CPF {national_id|529.982.247-25} do titular
DNI {national_id|12345678Z} verificado
BSN {national_id|111222333} stond op het formulier
PESEL {national_id|44051401359}
codice fiscale {national_id|RSSMRA85T10A562S}
Aadhaar {national_id|2341 2341 2346}
SIN {national_id|046 454 286} on the T4 slip
personnummer {national_id|811228-9874}
write to {email|"front desk"@hotel.example} or {email|reservations@hotel.example.co.uk}
zip code: {postcode|94107}
Postcode {postcode|SW1A 2AA} is in the congestion zone.
""".strip().split("\n")

CLEAN = """
The total for March is 48,213.77, up 3.2 % from 46,718.90.
Order 4929013377120045 was split into 3 shipments.
Commit 9fceb02d0ae598e95dc970b74767f19372d61af8 fixes the parser.
ISBN 978-3-16-148410-0 is out of print; ISBN-10 0-306-40615-2 as well.
Version 10.2.3.4-rc1 needs Python 3.11.7 and numpy 2.1.0.
The build took 1700000000000 ms since the epoch, run 20260311142233.
uuid 123e4567-e89b-12d3-a456-426614174000 was not found
[12.5, 13.75, 14.125, 99.999, 1234567890]
{"north": 1204, "south": 998, "east": 1310, "west": 870}
2026-01-02 03:04:05.678 INFO worker started in 12.4 s
2026-03-01,2026-03-02,2026-03-03
x = [1, 2, 3]; y = {k: v for k, v in zip("abc", x)}
def mean(values): return sum(values) / len(values)
listening on 127.0.0.1:8080 and 0.0.0.0:9090
SELECT region, SUM(quantity) FROM orders GROUP BY region;
North America and South Africa grew faster than New Zealand.
United Nations, European Union and World Health Organization agreed.
Acme Corporation bought Blue River Software for 2.5 million dollars.
Linear Regression beats Random Forest on the Iris Data Set.
Press Ctrl+Shift+P and choose Format Document.
Monday, Tuesday and Wednesday are busy; Friday is not.
The January Sales Report is due in February.
Chapter 12: Street Lighting in Small Towns
Sample 3 of 10: mean 4.02, sd 0.31, p = 0.0012, n = 415
git@github.com:owner/project.git could not be cloned
pip install toolguild==1.2.3 && toolguild demo
from collections import Counter, OrderedDict
decorators such as @dataclass and @functools.cache
SHA-256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
part number 555-0199-2231, lot 77-1024-9
Tracking 1Z999AA10123456784 arrived at 18:45.
lat 52.5200, lon 13.4050; elevation 34.0 m
Prices: 19.99, 24.99, 29.99; quantity 100-200-300
The ratio is 3:4:5 and the score 21-15, 21-18.
RFC 8785, ISO 8601 and section 4.2.1.3 apply.
He scored 555 points in 1234 games over 12 seasons.
Green Park, Blue Lagoon and Long Beach are stations.
100 Main findings are listed below; 12 Angry Men is a film.
Dear customer, your order has shipped.
Best regards,\\nThe Support Team
name: sum_by_group\\ndescription: adds numbers
Name: report.csv, size 3 KB
Phone sales rose by 12 %, tablets fell by 3 %.
The address of the array is 0x7ffde0a1b2c8.
Set the IP address in the Network Settings dialog.
User Guide: Getting Started with Machine Learning
Hello World! This is Spring Boot and Apache Kafka.
Robert's rules of order and Murphy's law
Newton's method converges; the Gauss elimination does not.
Visual Studio Code, Google Chrome, Amazon Web Services
| region | q1 | q2 | q3 |\\n| north | 1204 | 998 | 1310 |
0.1234 0.5678 0.9101 0.1121 0.3141 0.5161
Red Hat Enterprise Linux 9.4 (Plow) on x86_64
CPU 12345678901, memory 9876543210 bytes
the driver licence model of the library is Apache-2.0
passport control at the airport takes 20 minutes
born in the cloud, the service scales to zero
area code 12345 of the parser, exit code 255
Mean Absolute Error 3.14, Root Mean Square 4.2
Rose, Lily, Daisy and Iris are flowers; Mark the date.
""".strip().split("\n")


def plain(line: str) -> tuple[str, list[tuple[str, int, int]]]:
    """Return a line without its marks, and the spans (kind, start, end) that they marked."""
    line = line.replace("\\n", "\n")
    text, spans, last = "", [], 0
    for mark in MARK.finditer(line):
        text += line[last : mark.start()]
        spans.append((mark[1], len(text), len(text) + len(mark[2])))
        text += mark[2]
        last = mark.end()
    return text + line[last:], spans
