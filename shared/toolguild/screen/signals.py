"""What gives an order away: small signs, each with its weight. None but the strongest decides alone. Pure.

The families follow the OWASP LLM01 classes and Greshake et al., "Not what you've signed up for" (2023):
overriding, forged roles, secrecy, exfiltration, orders to a machine reader, commands, dictated answers. The
weights were set by hand, on the idea: a text has to show two or three different families to reach 1.
"""

import re
from typing import NamedTuple


class Signal(NamedTuple):
    """One sign. `weight` 1 decides alone; `own` also counts in a goal, where orders are in place."""

    family: str
    weight: float
    pattern: re.Pattern[str]
    own: bool = False


def _sign(family: str, weight: float, pattern: str, *, own: bool = False) -> Signal:
    return Signal(family, weight, re.compile(pattern.replace("~{", r"[^.!?\n]{")), own)


_START = (
    r"(?:^|[\"'`*#>(\]:,;.!|-]\s*|\b(?:please|kindly|and|then|also|must|should|now|first|to|instead|will|secretly|"
    r"silently|quietly|with)\s+:?\s*)(?<!not )(?<!n't )(?<!never )"
)
_RULES = (
    r"(?:instructions?|prompts?|directives?|guidelines?|directions?|orders|commands?|rules|guardrails|"
    r"constraints|policies|training|programming|context|briefing)"
)
_AI = (
    r"(?:ai|a\.i\.|llms?|gpt[\w.-]*|chatgpt|claude|gemini|copilot|chat ?bots?|language models?|ai models?|"
    r"(?:ai|coding|automated|virtual) (?:assistants?|agents?|reviewers?|readers?|systems?|tools?|models?|evaluators?)|"
    r"assistants?|agents?|planner|summari[sz]er|examiner|bots?)"
)
_HARD_SECRET = (  # nobody but a thief or a debugger wants to see it
    r"(?:api[ _-]?(?:keys?|tokens?)|~/\.\w+/\S+|secret[ _]?keys?|private keys?|environment variables?|env vars?|\S*\.env\b|os\.environ|"
    r"~?/?\.ssh\b|~?/?\.aws\b|id_rsa|/etc/(?:passwd|shadow)|\$\w+_(?:key|token|secret)\b|secret_\w+|database_url|"
    r"system prompt|(?:aws|database|server|data server|loaded) (?:credentials|secrets))"
)
_SECRET = (
    r"(?:" + _HARD_SECRET + r"|secrets?|passwords?|passphrases?|passcodes?|credentials?|"
    r"(?:access|auth\w*|session|bearer|security) (?:tokens?|codes?)|\w+_(?:key|token|secret)\b|"
    r"(?:passport|credit card|bank account|id)[ _]numbers?|keychain)"
)
_DEST = r"(?:https?://|[\w.+-]+@[\w-]+\.\w|\b\d{1,3}(?:\.\d{1,3}){3}\b|\{\w+\}|_attacker|_recipient|webhook)"
_SEND = r"(?:send|e-?mail|forward|post|upload|transmit|leak|exfiltrate|submit|deliver|share|copy|curl|ship|paste)"
_SAY = r"(?:say|state|answer|reply|respond|conclude|indicate|claim|recommend|tell (?:the user|them|him|her)|announce)"
_PRINT = r"(?:print|output|report|write|return|display|say|state|show|repeat)"
_CONTENT = (
    r"(?:function|code|resume|cv|article|web ?page|page|table|paper|study|question|content|e-?mail|document|file|"
    r"text|data|request|task|introduction|results)"
)

SIGNALS: tuple[Signal, ...] = (
    # Overriding: what was said before no longer counts.
    _sign(
        "override",
        1.0,
        r"\b(?:ignore|forget|disregard|overlook|override|bypass|abandon|discard|drop|skip|neglect|cancel|"
        r"do not (?:follow|obey|comply)|don't (?:follow|obey)|stop (?:following|obeying)|pay no attention to|"
        r"set aside|throw out|violate)\b~{0,30}?\b(?:all|any|every|your|previous\w*|prior|earlier|above|preceding|"
        r"former|these|those|initial|original|system|the)\b~{0,30}?\b" + _RULES + r"\b",
        own=True,
    ),
    _sign(
        "override",
        1.0,
        r"\b(?:ignore|forget|disregard|overlook)\b~{0,12}?\b(?:everything|all|anything|whatever|what)\b~{0,50}?"
        r"\b(?:told|said|asked|instructed|above|before|learned|wanted)\b",
        own=True,
    ),
    _sign(
        "override",
        1.0,
        r"\b(?:your |previous |prior |earlier |the |all )+(?:\w+ )?(?:instructions?|directions?|rules|orders|"
        r"directives?|guidelines?|prompt|restrictions?)\b~{0,20}?\b(?:no longer|do not|don't|never|are void|"
        r"are suspended|is void|are cancelled|was a test|were a test|are obsolete)\b",
        own=True,
    ),
    _sign(
        "override",
        1.0,
        r"\b(?:all )?(?:later|following|other|subsequent|user) (?:user )?(?:messages?|instructions?)\b~{0,20}?"
        r"\b(?:are to be|must be|should be|to be) (?:ignored|disregarded)",
    ),
    _sign(
        "override",
        1.0,
        r"\b(?:ignore|disregard|forget)\b (?:all |everything )?(?:of )?(?:the |that (?:is |stands )?)?(?:above|foregoing)\b|"
        r"\bregardless of (?:the |any |all )?(?:previous|prior|earlier) (?:tasks?|instructions?|rules)\b",
        own=True,
    ),
    _sign("override", 0.7, r"\bdo not (?:follow|answer|do) the (?:question|request|user|task)\b"),
    _sign(
        "override",
        0.8,
        r"\b(?:previous|preceding|above) (?:text|message|conversation) was (?:a|only|just)\b",
    ),
    _sign(
        "override",
        0.8,
        r"\b(?:new|real|actual|true|updated|revised|hidden|following) (?:task|objective|instructions?|goal|orders?|"
        r"mission|directive|policy)\b\s*(?:is\b|are\b|follows?\b|now\b|[:=])",
    ),
    _sign(
        "override",
        0.6,
        r"\b(?:ignor\w+|disregard|forget|skip|leave out|rather than|stop (?:reading|summing|summari\w+|process\w+))"
        r"\b~{0,12}?\b(?:the|this|that|any)\b ~{0,16}?\b" + _CONTENT + r"s?\b",
    ),
    _sign(
        "override", 0.35, r"\binstead\b|^\W*stop\.|\bwhat the (?:boss|user|owner) really wants\b"
    ),
    _sign(
        "override",
        1.0,
        r"\byour (?:only|real|new|actual|sole|true) (?:job|task|purpose|role|mission)\b|"
        r"\b(?:told|instructed|asked|ordered)\b~{0,30}?\b(?:is|are|was) (?:now )?(?:cancell?ed|void|obsolete|irrelevant|revoked|superseded)\b|"
        r"\b(?:drop|abandon|discard|ignore|replace) the user'?s (?:request|question|task|goal|wish)\b|"
        r"\btreat (?:everything|all|what|any\w*)\b~{0,40}?\bas (?:coming |if it came )?from (?:your |the )?(?:developer|system|admin\w*|operator|user)",
        own=True,
    ),
    _sign(
        "override",
        0.5,
        r"\b(?:whatever|no matter what|regardless of what)\b~{0,20}\b(?:says?|shows?|contains?|states?)\b",
    ),
    # The same in other languages: an order to ignore, near a word for instructions.
    _sign(
        "override",
        1.0,
        r"(?:figyelmen kívül|non tenere conto|vergiss|vergesst|vergessen sie|ignorier\w*|missachte\w*|olvida\w*|ignora\w*|ignore[zs]?|oublie[zs]?|"
        r"désobéi\w*|dimentica\w*|esque[cç]\w*|desconsider\w*|negeer|vergeet|zignoruj|zapomnij|pomi[nń]\w*|ignorera|"
        r"glöm|ignorujte|abaikan|lupakan|bỏ qua)\b~{0,40}?(?:anweisung\w*|befehle?|vorgaben?|regeln|anleitung\w*|"
        r"instruc\w+|instruktion\w*|indicacion\w*|utasítás\w*|órdenes|reglas|consigne\w*|directive\w*|istruzion\w*|regole|ordens|"
        r"regras|instru\w+|opdracht\w*|polece\w*|zasad\w*|prompt\w*|perintah|arahan|hướng dẫn|pokyn\w*)",
        own=True,
    ),
    _sign(
        "override",
        1.0,
        r"(?:忽略|无视|無視|忘记|忘記|不要理会|不要遵守|忘れ)[^。]{0,16}(?:指示|指令|说明|說明|提示|规则|命令|要求)|"
        r"(?:指示|命令|指令|プロンプト|ルール)[^。]{0,10}(?:無視|忘れ)|"
        r"(?:지시|명령|지침|프롬프트)\w*[^.]{0,12}(?:무시|잊)|"
        r"(?:игнорир|забуд|пренебре|отмени|не следуй)\w*[^.]{0,40}(?:инструкц|указани|команд|правил|промпт)|"
        r"(?:تجاهل|انس|انسى)[^.]{0,24}(?:التعليمات|تعليمات|الأوامر|القواعد)|"
        r"(?:निर्देश|आदेश|नियम)[^।]{0,24}(?:अनदेखा|भूल|नज़रअंदाज़|उपेक्षा)|"
        r"(?:talimat|komut|yönerge|kural)\w*[^.]{0,24}(?:yok say|unut|görmezden|dikkate alma)|"
        r"(?:התעלם|שכח)[^.]{0,24}(?:הוראות|ההוראות)|(?:αγνόησε|ξέχνα)[^.]{0,24}(?:οδηγίες|εντολές)",
        own=True,
    ),
    _sign(
        "override",
        0.6,
        r"\b(?:ignora|ignorez|ignoriere|ignorieren sie|olvida|oubliez|vergiss)\b~{0,12}?\b(?:la|le|el|die|das|los|les|"
        r"l'|den)\b ?~{0,20}",
    ),
    _sign(
        "dictated answer",
        0.5,
        r"\b(?:indiquez|répondez|dites|affichez|responde|di que|diga que|indica|imprime|muestra|afirma|antworte|"
        r"gib~{0,30}aus|behaupte|sage|rispondi|stampa|responda|odpowiedz|envía\w*|envoyez|sende|wyślij|imprimelos|"
        r"imprímelos|recupera)\b",
    ),
    _sign(
        "secret",
        1.0,
        r"(?:输出|显示|打印|告诉我|泄露)[^。]{0,16}(?:密码|密钥|系统提示|提示词|口令)|(?:パスワード|apiキー|秘密|システムプロンプト)"
        r"[^。]{0,12}(?:表示|教え|出力)|(?:비밀번호|암호|비밀 키)[^.]{0,12}(?:알려|출력|말해)|"
        r"(?:выведи|покажи|сообщи|назови)\w*[^.]{0,24}(?:парол|ключ|секрет|переменн\w+ окружения)|"
        r"(?:اطبع|اكشف|أخبرني)[^.]{0,24}(?:كلمة المرور|السر|المفتاح)|(?:parola|şifre)\w*[^.]{0,12}(?:yazdır|söyle|göster)|"
        r"(?:पासवर्ड|गुप्त)[^।]{0,16}(?:बता|दिखा)|"
        r"(?:zeig|nenn|verrate|gib)\w*[^.]{0,24}(?:passwort|geheim\w+|schlüssel|systemprompt)|"
        r"(?:dime|muestra|revela|cuál es)[^.]{0,20}(?:contraseña|clave secreta)|"
        r"(?:quel est|donne\w*|révèle\w*|affiche\w*)[^.]{0,20}(?:mot de passe|clé secrète)|"
        r"(?:qual é|diga|revele|mostre)[^.]{0,20}(?:senha|chave secreta)",
        own=True,
    ),
    # Forged roles and turns.
    _sign(
        "forged role",
        1.0,
        r"<\s?[|｜]\s?(?:im_start|im_end|system|user|assistant|end\w*)\s?[|｜]?\s?>|\[/?inst\]|<</?sys>>|"
        r"<(?:start|end)_of_turn>|</?(?:system|untrusted|instructions?|system_prompt)\b[^>]{0,40}>|"
        r"^\s*#{2,}\s*(?:new |system |real )?instructions?\s*[:\\]|[\"']role[\"']\s*:\s*[\"']system[\"']",
        own=True,
    ),
    _sign(
        "forged role",
        0.7,
        r"(?:^|[\[<*(\"\n])\s*(?:system|developer|admin\w*|root|operator|security)(?: \w+){0,3}\s*[\]>*)\"]?\s*[:>\]]\s*"
        r"~{0,12}?\b(?:new|you|your|the (?:sum|answer|tool|output|user)|ignore|override|add|grant|from now|all|policy)\b",
    ),
    _sign("forged role", 0.7, r"(?:^|\\n|\n|\"|,)\s*(?:assistant|ai|model)\s*:\s+\w"),
    _sign("forged role", 0.4, r"(?:^|\\n|\n)\s*(?:user|human|system)\s*:\s+\w"),
    _sign(
        "mode",
        1.0,
        r"<?\b(?:now )?(?:entering|enter|activat\w+|switch\w* (?:in)?to|engag\w+|begin|enabl\w+|start)\b~{0,24}?"
        r"\b(?:system|developer|debug|admin\w*|god|sudo|security|maintenance|root|jailbreak|unrestricted|dan|override|"
        r"privileged|diagnostic|test)[ _](?:\w+ )?(?:mode|override)",
        own=True,
    ),
    _sign(
        "mode",
        1.0,
        r"\b(?:system|developer|security|admin\w*|training|safety|root|debug)\b~{0,20}?\b(?:mode|override|overridden)\b"
        r"\s*(?:[>:\]]|enabled|activated|on\b|engaged|initiated|unlocked)|<\\?/?system[ _]mode|"
        r"\boverride[ _]mode\b|\bdata override\b|\bsafety (?:checks?|filters?) (?:are )?(?:disabled|off)|"
        r"\b(?:safety|content) (?:filters?|checks?) (?:have been |are |is )?(?:disabled|lifted)",
        own=True,
    ),
    _sign(
        "persona",
        0.7,
        r"\b(?:you are|you're|you will be|you shall be) (?:now |no longer |about to |going to )|\bfrom (?:now|this point|"
        r"here) on\b~{0,24}?\b(?:you|your)\b|\b(?:do anything now|without (?:any )?restrictions|no restrictions|running a (?:system|security) (?:check|upgrade|update)|"
        r"unrestricted|jailbr\w+|freed? (?:of|from)~{0,24}(?:rules|confines|limits))\b|\bimmerse yourself\b|"
        r"\bi(?:'m| am)(?: actually)? (?:god|your (?:creator|developer|owner|administrator|master|boss)|the (?:admin\w*|developer|"
        r"owner|creator)|an? (?:police officer|developer running|system admin\w*))\b|\bas your creator\b|"
        r"\b(?:role of|act as|pretend (?:to be|you are|you're))\b~{0,24}?\b(?:ai|model|bot|assistant|system|admin\w*|root|dan)\b",
        own=True,
    ),
    _sign(
        "persona",
        0.8,
        r"\byou (?:have been|are|were) (?:upgraded|promoted|elevated|granted|given)\b~{0,20}\b(?:admin\w*|root|full|developer|access|rights)\b",
        own=True,
    ),
    _sign(
        "persona",
        1.0,
        r"\bin the voice of an? (?:unrestricted|uncensored)\b|\b(?:unrestricted|uncensored) (?:model|ai|bot|assistant)\b|"
        r"\b(?:bot|ai|model|assistant) without (?:any )?(?:restrictions|limits|rules)\b|\bdo anything now\b",
        own=True,
    ),
    # Who is meant: a machine that reads, not a person.
    _sign(
        "machine reader",
        0.7,
        r"\b(?:if you are|if you're|you,? as) an? (?:\w+ )?" + _AI + r"\b|"
        r"\b(?:notes?|notice|instructions?|message|reminder|attention|addressed|hint|hey|dear|hello)\b"
        r"(?: (?:to|for))?:? (?:the |any |all |whichever |whatever |future |you,? )*" + _AI + r"\b|"
        r"\bto (?:whichever|whatever|any|every) (?:ai|llm|model|agent|assistant|bot)\b|"
        r"(?:^|[*#/(<>\"\-!])\s*(?:ai|llm|assistant|agent|model|copilot|claude|chatgpt|gpt)s?\s*[:,]\s|"
        r"\b(?:todo|fixme)\((?:ai|llm|copilot|claude|agent|gpt|assistant)\)|"
        r"\b(?:ai|llm|automated) (?:readers?|agents?|assistants?|tools?|systems?|reviewers?)\b~{0,24}?"
        r"(?:[:;]|\b(?:must|should|shall|do not|don't|please|run)\b)|"
        r"\b(?:reviewer|agent|assistant|planner|examiner|synthesi[sz]er|judge) instructions?\b|"
        r"\b(?:agents?|assistants?|bots?) (?:processing|reading|handling|working on|reviewing) (?:this|the)\b|"
        r"\bfuture (?:ai |coding )?(?:assistants?|agents?|models?)\b|"
        r"\b(?:the )?(?:agent|assistant|examiner|planner|reviewer|model) (?:must|shall|should|has to|needs to)\b|"
        r"\bcontributors? using ai\b|\bautomated systems?\s*:",
    ),
    _sign(
        "machine reader",
        0.5,
        _START
        + r"(?:send|get|give|tell|show|forward|e-?mail|ask|remind|convince)\b~{0,80}?\bthe user(?:'s|s'| is| has)?\b",
    ),
    _sign(
        "machine reader",
        0.4,
        r"\b(?:your|next|following) (?:answer|response|reply|output|completion|summary|plan)\b|\bbefore you (?:reply|answer|"
        r"respond|summari[sz]e|plan)\b|\busing (?:an )?(?:ai|llm)\b|\bother tools?\b~{0,12}\bcall\b|\bcall this (?:one|tool)\b",
    ),
    _sign(
        "machine reader",
        0.7,
        r"\b(?:for|to|and|,) (?:any |the |all |every |each |future |other )+(?:ai|llm|language model|chatbot|bot|ai agent|ai assistant)s?\b|"
        r"\b(?:hey|hi|hello|dear|ok) (?:bot|ai|assistant|agent|llm|gpt|claude)\b|"
        r"\b(?:ai|llm|agent|assistant|bot|model)[_ -](?:task|note|instruction|order|directive|command|hint)s?\s*:|"
        r"\b(?:assistants|agents|bots|llms|models|ai)\b (?:must|should|shall|have to|need to|are required to)\b|"
        r"\b(?:assistants|agents|bots|llms)\s*:|[\"']instructions?[\"']\s*:|\bwhen generating code\b",
    ),
    # Secrecy.
    _sign(
        "secrecy",
        0.6,
        r"\b(?:do not|don't|never|must not|without|nor|hide|avoid)\b~{0,10}?\b(?:tell\w*|mention\w*|inform\w*|notify\w*|"
        r"alert\w*|reveal\w*|ask\w*|disclos\w*|show\w*|say\w*)\b~{0,12}?\b(?:the user|users?|anyone|anybody|me|this|it|them)\b|"
        r"\bno need to (?:tell|mention|bring (?:it|this|that) up|inform|say|report)\b|\bnever mention\b|"
        r"\b(?:secretly|silently|covertly|quietly|without (?:the user|anyone|them|him|her)(?:'s)? (?:noticing|knowing|knowledge))\b|"
        r"\bhide (?:that|the fact|this)\b|\bdelete the (?:sent )?(?:e-?mail|message)\b|\bwithout (?:altering|omitting|asking)\b",
    ),
    _sign(
        "secrecy",
        0.8,
        r"\b(?:do not|don't|never|must not|without|nor)\b~{0,10}?\b(?:tell\w*|mention\w*|inform\w*|notify\w*|alert\w*)\b"
        r"~{0,20}?\bthe users?\b",
    ),
    # Taking data out.
    _sign(
        "exfiltration",
        0.5,
        r"\b(?:open|connect|establish)\w*\b~{0,30}?\b(?:socket|connection)?\b ?to " + _DEST,
    ),
    _sign(
        "exfiltration",
        0.5,
        r"\b"
        + _SEND
        + r"(?:ing|s)?\b~{0,120}?\bto\b~{0,40}?"
        + _DEST
        + r"|requests\.post\(|urlopen\(|"
        r"\bcurl\b~{0,60}(?:-d|--data|-f|-t|@)|\bfetch\b~{0,20}"
        + _DEST
        + r"|"
        + _DEST
        + r"~{0,60}\b(?:receives?|collects?)\b",
    ),
    _sign(
        "exfiltration",
        0.5,
        _START + r"(?:" + _SEND + r"|encode|append|embed|attach|pass|get)\b~{0,50}?\b(?:all|every|"
        r"entire|full|whole|contents?|bod(?:y|ies)|user'?s?|conversation|history|rows|inbox|files?|"
        r"user information|transactions?)\b~{0,60}?\b(?:to|into|as|in|with|from)\b",
    ),
    _sign(
        "exfiltration",
        0.5,
        r"\bsend a (?:transaction|payment|link)\b|\bthe user'?s? (?:\w+ )?(?:\w+ )?\(?as visible\b",
    ),
    # Secrets.
    _sign(
        "secret",
        0.6,
        _START
        + r"(?:print|echo|cat|dump|show|reveal|read|output|paste|append|send|attach|give|tell|"
        r"display|extract|capture|leak|disclose|encode|forward)\b~{0,60}?" + _SECRET,
    ),
    _sign(
        "secret",
        0.6,
        r"(?<!not )\b(?:copy|slip|put|insert|place|hide|smuggle|move|print|echo|cat|dump|show|reveal|read|output|paste|include|append|list|send|attach|give|tell|verify|"
        r"check|display|share|extract|capture|leak|disclose|encode|report|find|forward)\b~{0,60}?"
        + _HARD_SECRET,
    ),
    _sign(
        "secret",
        1.0,
        r"(?<!not )(?<!n't )\b(?:what(?:'s| is| are| was)|confirm|tell me|give me|share|reveal)\b (?:\w+ )?\b(?:our|the|your)\b ?(?:\w+ )?"
        r"(?:secret key|password|passphrase|passcode)\b(?: for (?:our|the|your) system)?\s*(?:\?|[\"']|$|\.)|"
        r"\bpasswords? for (?:our|the|your) system\b~{0,40}\?|\bpasswords?\b~{0,40}\bconfirm ours\b|"
        r"\bqual è la password|パスワードは何",
        own=True,
    ),
    _sign(
        "secret",
        1.0,
        r"(?<!not )(?<!n't )\b(?:what(?:'s| is| are| was)|tell me|give me|reveal|share|show me|print|output|repeat|spell|guess|decode|encode|"
        r"translate|provide|send me|say|know|list)\b~{0,40}?\byour\b~{0,16}?(?:\b(?:secret|password|passphrase|passcode|"
        r"system prompt|api key|secret key|hidden instructions?|initial instructions?|instructions)\b)|"
        r"\b(?:repeat|print|output|show|reveal|quote)\b~{0,40}?\bof your (?:prompt|instructions|context)\b|"
        r"\b(?:repeat|print|output|show|reveal)\b~{0,20}?\b(?:words?|text|everything|sentences?) (?:above|before)\b|"
        r"\b(?:output|reveal|print|show|display|leak|repeat)\b~{0,24}?\b(?:system prompt|hidden (?:prompt|instructions))\b",
        own=True,
    ),
    _sign(
        "secret",
        0.4,
        r"os\.environ|\bprintenv\b|\benv\s*\||process\.env|\$[a-z_]*(?:key|secret|token)\b|~/\.\w+",
    ),
    # Commands.
    _sign(
        "command",
        0.6,
        r"\|\s*(?:sudo )?(?:ba|z)?sh\b|\brm -[rf]{1,2}\b|\bcurl -s|\.git/hooks|~?/?\.(?:bashrc|profile|zshrc)\b|\bcrontab\b|"
        r"base64 -d|\bchmod \+x|python3? -c\b|/etc/(?:passwd|shadow)|"
        r"\bnc -e\b|~/\.(?:ssh|aws)|\bcat \S*\.env\b|\becho \$\w*(?:key|token|secret|password)|\.install\(|register_hooks|>\s*/tmp/\w*(?:env|dump)",
    ),
    _sign(
        "command",
        0.35,
        _START
        + r"(?:run|execute|install|launch|invoke|call|download|source)\b~{0,30}?(?:[`$]|\bpip\b|\bnpm\b|\bcurl\b|"
        r"\bpython\b|\bscript\b|\bcommand\b|\bas root\b|https?:)|^\W*(?:pip|npm|pip3) install\b|\bdownload ~{0,60}execute\b",
    ),
    _sign(
        "condition",
        0.4,
        r"\b(?:before|prior to) (?:you |any |making |any further )*(?:mak|modif|edit|test|chang|us|proceed|continu|work|reply|"
        r"answer|touch|start|process|analy|respond|summar|plan|debug|refactor|run|review)\w*\b|\bto unlock\b|\bonly (?:passes|works|builds|runs) (?:after|when|if|once) you\b|"
        r"\bwhen (?:refactoring|editing|reviewing)\b|\bpre-modification\b|\bafter installing\b",
    ),
    _sign(
        "authority",
        0.3,
        r"\b(?:important|mandatory|critical|action required|required(?! to)|urgent|attention)\b\s*(?:\(|\)|:|\*|!)|"
        r"\(required\)|\bper (?:our |the )?\w* ?(?:security )?(?:policy|playbook|compliance)|"
        r"\b(?:compliance|ops|security|devops|infra\w*|performance) (?:team|requirement|audit|policy|system)\b|"
        r"\bas (?:the|an|your) (?:admin\w*|authority|owner|developer|maintainer|system|operator|supervisor)\b|"
        r"\bmaintainer (?:note|action)|\b(?:is|are) (?:required|mandatory)\b|\b[a-z]{2,8}-20\d\d-\d+\b|\bi hereby\b|"
        r"\bautomated (?:triage|review) system\b|\bto challenge the status quo\b|\bsecurity measure\b|\bsenior \w+",
    ),
    _sign(
        "consequence",
        0.3,
        r"\bfailure to\b|\bskipping (?:this|these)\b|\bwill be (?:rejected|skipped|deleted|logged|terminated|fined)\b|"
        r"\bwill cause\b|\bor else\b|\bmay trigger\b|\bi will (?:give|pay|tip) you\b|\bthis is mandatory\b|"
        r"\bensure (?:the|that|your|build)\b|\bto (?:verify|ensure|validate|make sure) (?:your|you|the|build|that)\b|"
        r"\bthis (?:validates|package is required|dumps)\b|\b(?:project|module) (?:needs|requires|relies on)\b",
    ),
    # Self-approval and widening.
    _sign(
        "approval",
        0.7,
        r"\b(?:pre-?approved|auto-?approve|approve (?:every|all|any|this|the)|verdict\W{1,4}(?:allow|approve)|allow with no findings|"
        r"findings\W{1,4}\[\]|no findings|set met to true|met\W{1,4}true for|mark\w* (?:it|this|all|every\w*|the task|as)"
        r"~{0,16}(?:done|passed|approved|safe|complete)|report success|full permissions?|grant\w* (?:full|all|every|yourself|"
        r"access|permission)|rais\w+ (?:the|your) (?:budget|limit|autonomy)|autonomy to|network access (?:is )?allowed|"
        r"(?:skip|disable|turn off|bypass) (?:the |all )?(?:security|safety|review|checks|tests|policy)|"
        r"add (?:the )?host\b|may use the network|change the policy|only write tests that|do not test|weaken the)",
    ),
    _sign(
        "approval",
        1.0,
        r"\bset met to true\b|\bverdict\W{1,4}allow\b|\bfindings\W{1,4}\[\]|\bautonomy to [a-d]\b|\b(?:grant|give|allow) yourself\b|"
        r"\b(?:disable|leave|escape|turn off) the sandbox\b",
    ),
    _sign(
        "approval",
        0.4,
        r"\bcapabilit(?:y|ies)\b|\bwithout asking\b|\b(?:every|each) (?:request|criterion)\b|\bregardless of\b",
    ),
    _sign(
        "approval",
        0.7,
        r"\b(?:should|must|need) not report\b|\bdo not report (?:any )?findings\b|\bapprove (?:all |any |pending |every )+requests?\b|"
        r"\bremove (?:the|all|any) (?:\w+ )?limits?\b|\brate (?:this|it|the|him|her|me)\b~{0,24}\b(?:10|100|five|highest|best)\b",
    ),
    # Dictated answers.
    _sign(
        "dictated answer",
        0.5,
        r"(?:"
        + _START
        + r"|\b(?:let's|might|could) )(?:"
        + _SAY
        + r"\b(?:~{0,30}?\b(?:that|only|exactly|simply|just|solely)\b|~{0,20}?\bthe (?:word|following|output|answer|total|"
        r"link|sentence|phrase|text|capital|result)\b|\W{0,3}(?:[:\"'“‘]|with\b)| the~{0,20}? is\b)|"
        + _PRINT
        + r"\b(?:~{0,20}?\b(?:exactly|nothing but)\b|~{0,12}?\bthe (?:word|following|link|sentence|phrase)\b|"
        r"\W{0,3}[:“‘]| the~{0,20}? is\b|~{0,12}?['\"]\w))|"
        r"\b(?:must|should|has to) (?:end|begin|start) with\b|\banswer only\b|:\s*say (?:the|that|it)\b|\bmust be (?:reported|shown|given|stated|returned|counted) as\b|\b(?:correct|real|true) (?:total|answer|sum|result|"
        r"value) is\b",
    ),
    _sign(
        "dictated answer",
        0.4,
        r"\b(?:the )?(?:sum|output|answer|total|capital|result|sum of all \w+)\b~{0,30}?\b(?:is|was|be|as|to be)\b\s*[\"'‘“]?"
        r"(?:\d|'|[a-z]+burg|[\"'])|suggest (?:that )?you (?:to )?~{0,40}\bas\b|\bconsider the~{0,20}\bas\b|\b(?:follow|click|with) (?:this|the) link\b|"
        r"\bi admit\b|\byour (?:account|licence|license|password|subscription) (?:has|have) (?:been|expired)\b|"
        r"\balways returns? (?:0|zero|none|nothing|empty)\b|\babove all others\b",
    ),
    _sign(
        "fiction",
        0.6,
        r"\b(?:suppose|imagine|hypothetic\w+|let's (?:say|imagine|pretend|state|consider)|in a (?:\w+ )*(?:world|scenario|reality|universe)|"
        r"assume (?:that|we)|if we were to|pretend that|for the sake of argument|to make (?:this|it) more interesting|"
        r"in this (?:world|scenario|story))\b~{0,140}?\b(?:ignore|state|say|output|tell me|might|answer|reveal|conclude|print|"
        r"write a phishing|is '|share|could be)\b",
    ),
    # Destruction, waste, what comes later.
    _sign(
        "destruction",
        0.5,
        _START
        + r"(?:delete|overwrite|erase|wipe|destroy|truncate|shred|drop|zero out|remove|deletes)\b~{0,20}?\b(?:all|every\w*|"
        r"the (?:input|tests?|files?|data|database|table|repository|each)|them|each|below /|/data)\b|\bdeletes everything\b",
    ),
    _sign(
        "waste",
        0.9,
        r"\b(?:until|so that) the (?:budget|limit|quota) is\b|\b(?:hundreds?|thousands?) (?:of )?steps\b|\bplan (?:\w+ )?(?:\w+ )?steps\b"
        r"~{0,40}\b(?:every|each|call)\b|\bcall the (?:model|tool|llm)\b~{0,30}\b(?:every|each|again|times|forever)\b|"
        r"\b(?:repeat|loop) (?:this )?(?:forever|endlessly|without end)\b",
    ),
    _sign(
        "next stage",
        0.7,
        r"\bupdate the (?:tool )?(?:description|prompt|system message|memory)\b|\bpublish a tool (?:named|called)\b|"
        r"\bin (?:all|every) (?:future|later) (?:answer|tool|task|conversation|session)s?\b|\bpass(?:ing)? the user's\b|"
        r"\bsave (?:this|these) (?:instruction|rule)s? (?:to|in) (?:your )?memory\b|\bbefore using any other tool\b",
    ),
)

# Where orders hide: what carries them adds weight to other signs, and none of its own.
CARRIERS = re.compile(
    r"<!--|-->|display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|color\s*:\s*(?:white|#fff)|"
    r"^\s*(?:#(?!#)|//|/\*|\*|--|;|rem\b|\"\"\")|<caption|alt=['\"]",
    re.M,
)
CARRIED = 0.25
# What quotes or forbids an order instead of giving one.
REPORTS = re.compile(
    r"\b(?:attackers?|fraudsters?|scammers?|criminals?|phishing|such (?:e-?mails?|messages|prompts|attacks)|"
    r"prompt injection|injection attacks?|never (?:click|reply|follow|obey)|(?:is an )?example of an?|for example, an attacker)\b"
)
REPORTED = 0.5
