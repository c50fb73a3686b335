from toolguild.runtime.main import main
from toolguild_auditor import service

main(service)
