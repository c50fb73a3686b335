from toolguild.capability import Capabilities
from toolguild.policy import Policy
from toolguild.static.finding import Finding
def review_javascript(source: str, policy: Policy, declared: Capabilities | None) -> set[Finding]:
    return set()
