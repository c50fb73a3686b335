from toolguild.runtime.main import main
from toolguild_executor import service

main(service)
