"""Words for misuse, by category of the usage policy; for defence; and for what makes a purpose plain. Pure.

A word alone decides nothing: `toolguild.screen.intent` looks at what governs it. Categories follow MITRE ATT&CK
tactics (initial access, persistence, exfiltration, ...) as far as they are about machines.
"""

import re


def _any(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("~{", r"[^.!?;\n]{"))


# Category -> (weight, pattern). 1: plain; 0.6: needs another sign.
MISUSE: dict[str, tuple[tuple[float, re.Pattern[str]], ...]] = {
    "malware": (
        (
            1.0,
            _any(
                r"\b(?:ransom\s?ware|key ?loggers?|root ?kits?|trojans?|spyware|info ?stealers?|logic bombs?|droppers?|"
                r"(?:computer |polymorphic )?virus(?:es)? that|shell ?code|self-(?:replicat|propagat)\w+|"
                r"malicious (?:scripts?|code|payloads?|programs?|software|macros?|attachments?|apps?)|"
                r"(?:a|the|my|this|our|some) (?:worm|malware|bot ?net))\b|\bfor a bot ?net\b"
            ),
        ),
        (
            1.0,
            _any(
                r"\bcop(?:y|ies) itself to\b|\bencrypts?\b~{0,40}\b(?:victim|ransom|bitcoin)|\bback ?doors?\b|"
                r"\binstalls? (?:a |an )?(?:hidden|secret|silent)\b|\bmin(?:e|es|ing) (?:monero|bitcoin|crypto\w*)\b~{0,60}\b(?:visitors?|without|others?)\b"
            ),
        ),
        (
            0.6,
            _any(
                r"\b(?:malware|worms?|virus(?:es)?|payloads?|bot ?nets?)\b|\b(?:note|message) asking for bitcoin\b"
            ),
        ),
        (
            0.6,
            _any(
                r"\bwhat (?:people|users|they|he|she) types?\b|\bhides? itself\b|\bdownloads? and (?:starts|runs|executes)\b|\bhidden remote (?:control|access)\b"
            ),
        ),
    ),
    "intrusion": (
        (
            1.0,
            _any(
                r"\breverse shells?\b|\bprivilege[- ]escalation\b|\bescalat\w+ ~{0,30}\b(?:privileges?|root|rights)\b|"
                r"\blateral movement\b|\bapt[- ]style\b|\b(?:an?|the|new|working) exploits?\b(?! (?:code )?(?:database|report))|"
                r"\bexploit(?:s|ing)? ~{0,50}\b(?:vulnerabilit\w+|weakness\w*|flaws?|bugs?|cve)\b|\bexploit for\b|"
                r"\bleverag\w+ ~{0,30}\bvulnerabilit\w+|\btake (?:them|it|over)\b~{0,20}\bover\b|\btake over ~{0,20}(?:machines?|accounts?|servers?)"
            ),
        ),
        (
            1.0,
            _any(
                r"\b(?:gain\w*|get\w*|obtain\w*)\b~{0,24}\b(?:unauthori[sz]ed|illegal|illicit|root|admin\w*)\b~{0,12}\baccess\b|"
                r"\bbrute[- ]?forc\w* ~{0,40}\b(?:login|ssh|accounts?|rdp)\b|\blogs? (?:in)?to ~{0,40}\baccounts?\b~{0,30}\b(?:by trying|list of)|"
                r"\b(?:hack(?:s|ing)? into|break(?:s|ing)? into|hijack\w*)\b|\bread ~{0,16}\bother (?:customers?|users?|people)'?s?\b|"
                r"\bdomain admin\b~{0,60}\b(?:their|his|her|laptops?|once i am)\b|\bunlock ~{0,12}\bstolen\b|\bserver that i do not own\b|\bman-in-the-middle\b"
            ),
        ),
        (
            0.6,
            _any(
                r"\b(?:sql injection|xss|cross-site scripting|buffer overflow|zero-day|vulnerabilit\w+|attacks?|exploits?|"
                r"unauthori[sz]ed access|brute[- ]?forc\w*|default passwords|bypass\w* (?:authentication|the login|a firewall))\b"
            ),
        ),
    ),
    "escape": (
        (
            1.0,
            _any(
                r"\b(?:sandbox|container|docker|jail|vm|chroot)[- ](?:escapes?|break ?outs?)\b|"
                r"\b(?:escap\w+|break\w* out of|breakout from|get\w* out of)\b~{0,30}\b(?:sandbox|container|docker|jail|interpreter|vm)\b|"
                r"\b(?:circumvent\w*|bypass\w*|evad\w+|defeat\w*|subvert\w*|navigat\w+)\b~{0,40}\b(?:sandbox\w*|container|verif\w+|"
                r"verify_\w+|constraints of an?|restrictions of the|safety checks)\b"
            ),
        ),
        (
            1.0,
            _any(
                r"/etc/shadow\b|\bfiles? (?:owned by root|of the host)\b|\bhost'?s? (?:root )?file ?system\b|/proc/1/|docker\.sock"
            ),
        ),
        (
            0.6,
            _any(
                r"\bverify_secure\b|\btreebox\b|\b(?:within|inside|in) (?:a|the|this) sandbox(?:ed)?\b~{0,60}\b(?:command|execute|system)"
            ),
        ),
    ),
    "after-intrusion": (
        (
            1.0,
            _any(
                r"\bpersisten(?:ce|t) ~{0,24}\b(?:technique|mechanism|access|foothold|shell|connection|backdoor)s?\b|"
                r"\bmaintain\w* (?:persistent |long-term )?(?:access|persistence)\b|\bc2\b|\bcommand[- ]and[- ]control\b|"
                r"\bevad\w+ ~{0,20}\b(?:detection|anti-?virus|security|spam|filters?|edr|defen[cs]es?|analysis)\b|"
                r"\b(?:turns? off|disabl\w+|kills?) ~{0,12}\b(?:anti-?virus|firewall|defender|edr|logging)\b|"
                r"\b(?:delet\w+|clear\w*|wip\w+) ~{0,12}\b(?:event|system|audit|security) logs?\b|\bcover\w* (?:our|my|its|their|the) tracks\b|"
                r"\bdump\w* ~{0,16}\b(?:password )?hashes\b"
            ),
        ),
        (
            0.6,
            _any(
                r"\bexfiltrat\w+|\bcompromised (?:systems?|hosts?|machines?|networks?|servers?)\b|\bundetect(?:ed|able)\b|"
                r"\bdomain controller we\b|\b(?:remain|stay)\w* (?:hidden|undetected|unnoticed)\b|\bgets? past (?:anti-?virus|security)\b|"
                r"\bavoid\w* (?:detection|raising suspicion)"
            ),
        ),
    ),
    "credential-theft": (
        (
            1.0,
            _any(
                r"\b(?:steal\w*|harvest\w*|grab\w*|sniff\w*|phish\w* for|scrap\w+|captur\w+)\b~{0,40}\b(?:passwords?|credentials?|cookies|"
                r"sessions?|tokens?|card (?:data|numbers?)|pins?|bank(?:ing)? (?:codes?|details))\b|\b(?:stores?|logs?|sav\w+|reading) (?:the )?"
                r"(?:passwords?|bank codes?)(?: that)? (?:people|users?|they|he|she|victims?)? ?~{0,12}\b(?:enter|type)?|\bcredential stuffing\b|\btries ~{0,30}\bpassword pairs\b|\bwhatever ~{0,24}\b(?:visitors|users|people|they) (?:types?|enters?)\b|"
                r"\b(?:extract|dump|read|decrypt)\w* ~{0,24}\b(?:saved|stored) (?:passwords?|logins?|cookies)\b|\btrying a list of ~{0,12}passwords\b|"
                r"\breading bank codes\b|\bcrack (?:them|the passwords?|his|her|their)\b"
            ),
        ),
        (
            0.6,
            _any(
                r"\bleaked passwords\b|\brockyou\b|\bword ?list\b|\bcrack\w* ~{0,20}\b(?:passwords?|hash\w*|wi-?fi)\b|\bpassword hashes\b"
            ),
        ),
    ),
    "phishing": (
        (
            1.0,
            _any(
                r"\b(?:spear[- ]?)?phish\w*\b|\bpretexting\b|\bvishing\b|\bsmishing\b|"
                r"\b(?:fake|cloned?|look-?alike|counterfeit)\b~{0,24}\b(?:login|sign-?in|bank\w*|paypal|microsoft|google)\b~{0,12}\b(?:page|site|form|portal)\b|"
                r"\bso that (?:customers?|people|they|users?|accounting|he|she|victims?) ~{0,12}\b(?:give|enter|transfer|send|pay|click|install)\b|"
                r"\btrick\w* ~{0,24}\binto\b|\b(?:page|site|form|mail|app)s? that looks? like (?:the |a |my )?(?:paypal|bank|amazon|microsoft|google|apple|"
                r"netflix|login|\w+ bank)|\b(?:letter|mail|message|call|sms) from the (?:tax|police|bank|court|social)\b~{0,60}\b(?:pay|gift cards?|fine|codes?)\b"
            ),
        ),
        (
            0.7,
            _any(
                r"\bimpersonat\w+|\bpretend\w* ~{0,12}\b(?:be|come from)\b|\bsocial[- ]engineering\b|\bspoof\w*\b|\bdeceiv\w+|\bmanipulat\w+ the target"
            ),
        ),
    ),
    "denial-of-service": (
        (
            1.0,
            _any(
                r"\b(?:knock|take|bring|kick)s?\b~{0,40}\b(?:server|site|network|service)\b~{0,12}\b(?:offline|down)\b|\bflood\w*\b~{0,40}\b(?:site|server|network|web|requests?|service|api)\b|\b(?:launch|perform|run|start|execute|carry out)\w* ~{0,24}"
                r"\b(?:d?dos|denial[- ]of[- ]service)\b|\buntil (?:it|they) (?:go(?:es)?|is|are|crash\w*) ?(?:down|offline)?\b"
            ),
        ),
        (
            0.6,
            _any(
                r"\bd?dos\b|\bdenial[- ]of[- ]service\b|\b(?:reflect\w+|amplif\w+) attack\b|\btake ~{0,20}\b(?:down|offline)\b"
            ),
        ),
    ),
    "surveillance": (
        (
            1.0,
            _any(
                r"\b(?:track|spy|monitor|follow|locate|record|read|watch|extract)\w*\b~{0,60}\b(?:girlfriend|boyfriend|wife|husband|spouse|"
                r"partner|ex|neighbou?r|colleague|employees?|roommate|daughter|son|someone|her|his|their)\b~{0,60}\bwithout\b|"
                r"\b(?:silently|secretly|quietly|covertly)\b~{0,40}\b(?:wife|husband|girlfriend|boyfriend|partner|ex|child|daughter|son|colleague|"
                r"employee)'?s?\b~{0,30}\b(?:messages|whatsapp|phone|calls|mails?|location|photos)\b|\bdox+(?:ing|ed)?\b|\bhome addresses\b~{0,80}\b(?:protest\w*|visit|activists?)\b|\bstalk\w+"
            ),
        ),
    ),
    "fraud": (
        (
            1.0,
            _any(
                r"\bfake\b~{0,24}\b(?:reviews?|ratings?|invoices?|ids?|passports?|diplomas?|followers)\b|\bbypass\w* ~{0,16}\blicen[cs]e\b|"
                r"\b(?:keygen|cracked (?:software|licen[cs]e))\b|\bclon\w+ ~{0,24}\b(?:card|key ?card)\b|\bcarding\b|"
                r"\b(?:getting around|bypass\w*|solv\w+|defeat\w*) ~{0,12}\bcaptchas?\b|\bspoofed sender\b|\bspam filters? do(?:es)? not catch\b"
            ),
        ),
    ),
    "weapons": (
        (
            1.0,
            _any(
                r"\b(?:build|make|synthesi[sz]e|produce|assemble|cook)\w*\b~{0,40}\b(?:pipe ?bombs?|explosives?|nerve agents?|sarin|ricin|"
                r"anthrax|methamphetamine|napalm|bio-?weapons?)\b|\b(?:recipe|instructions|guide) for (?:a |an |making )?(?:pipe ?)?"
                r"(?:bombs?|explosives?|nerve gas|meth)\b"
            ),
        ),
    ),
}

# What a purpose shows, beside the category.
PLAIN = _any(
    r"\bvictims?\b|\b(?:a|the|our|specific|particular|multiple) target(?:ed)?\b|\btarget (?:organi[sz]ation|system|compan|network|machine|server)\w*|"
    r"\battacker(?:'s|-controlled| to)\b|\bunsuspecting\b|\bwithout (?:her|his|their|anyone|them|the (?:user|owner))\w*\b~{0,24}\b(?:know\w*|"
    r"noticing|consent|permission)\b|\bnobody notices\b|\bstealth\w*|\bcovert\w*|\bunauthori[sz]ed access to (?:the|a) (?:target|system)|"
    r"\bdo(?:es)? not own\b|\bcompetitor'?s?\b|\barbitrary (?:system )?commands?\b|\bexecut\w+ arbitrary\b"
)

# Verbs of defence and study: what they govern is looked at or kept away, not done.
DEFENCE = re.compile(
    r"\b(?:detect\w*|prevent\w*|block\w*|protect\w*|defend\w*|mitigat\w*|stop(?:s|ping)?|secur(?:e|es|ing)|harden\w*|"
    r"monitor\w*|alert\w*|log(?:s|ging)? (?:any|all|each|every|the|failed|attempts)|identif\w+|flag\w*|recogni[sz]\w+|classif\w+|"
    r"analy[sz]\w+|analysis of|investigat\w+|summari[sz]\w+|explain\w*|teach\w*|train\w* (?:staff|employees|users|people)|awareness|quiz\w*|"
    r"report\w* (?:about|on)|list\w*|count\w*|chart\w*|plot\w*|draw\w*|sort\w*|compar\w*|translat\w*|extract\w* (?:all |the )?(?:links|"
    r"indicators|iocs|urls)|scan(?:s|ning)? (?:my|our|for|the (?:code|own))|check(?:s|ing)? (?:for|if|whether|my|our|incoming|the)"
    r"|patch\w*|fix(?:es|ing)?|remov\w+|quarantin\w*|filter\w*|sanitiz\w*|validat\w*|resist\w*|against|anti|avoid\w*|defen[cs]e\w*|"
    r"associated with|related to|flagged|known|suspicious|attempts?|incidents?|restrict\w*|deny|denies|limit\w*|safe\w* from|"
    r"decode\w*|mask\w*|verif\w+ (?:the|that|a)|test\w* (?:my|our|for)|estimat\w+|simulat\w+ (?:a|the) (?:defen|dice|game)|learn\w* from|handle\w*|respon\w+ to)\b"
)
# Right after a word: it names what is worked on against it.
STUDIED = re.compile(
    r"^-(?:free|proof|resistant)|^[\s\w-]{0,12}\b(?:detect\w*|prevention|protection|analysis|awareness|training|defen[cs]e|scann\w+|filters?|hash\w*|samples?|"
    r"incidents?|report\w*|statistics|attempts?|alerts?|logs?|campaign against (?:our|us)|mails? (?:or not)|or not|databases?|signatures?|"
    r"management|assessment|from security|for (?:our|a) (?:security )?training)\b"
)
# Right before a word: it is ruled out.
NEGATED = re.compile(r"\b(?:not|never|no|cannot|without|n't)\b[^.,;]{0,45}$")
# Verbs by which something is made or done.
ACTION = re.compile(
    r"\b(?:write|writes|create\w*|build|builds|develop\w*|make|makes|making|craft\w*|generat\w+|send\w*|launch\w*|deploy\w*|execut(?:e|es|ing)|"
    r"perform\w*|implement\w*|automat\w+|spread\w*|install\w*|plant\w*|give me|i need|help me|run|runs|running|carry|establish\w*|"
    r"inject\w*|use|uses|using|utiliz\w+|exploit\w*|leverag\w+|gain\w*|find a way|design\w*|provide|bypass\w*|"
    r"collect\w*|dump\w*|extract\w*|steal\w*|track\w*|impersonat\w+|pretend\w*|"
    r"sniff\w*|harvest\w*|grab\w*|flood\w*|break\w*|clon\w+|hack\w*|escalat\w*|encrypt\w*|captur\w*|read\w*|print\w*|crack\w*|brute|"
    r"take|takes|delet\w*|escap\w*|turn|turns|disabl\w*)\b"
)
# What a goal as a whole is for, when it says so at its beginning.
PURPOSE = re.compile(
    r"\b(?:to|for|that|which|of|by|system|mechanism|script|program|function|tool)\b[^.!?\n]{0,40}?\b(?:detect\w*|prevent\w*|block\w*|protect\w*|"
    r"mitigat\w*|monitor\w*|secur(?:e|ing)|patch\w*|alert\w*|analy[sz]\w*|flag\w*|scan\w*|identif\w+|encrypt\w*|rotat\w*|validat\w*|log)\b"
)
