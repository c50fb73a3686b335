from toolguild.runtime.main import main
from toolguild_reviewer import service

main(service)
