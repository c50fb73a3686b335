from toolguild.runtime.main import main
from toolguild_planner import service

main(service)
