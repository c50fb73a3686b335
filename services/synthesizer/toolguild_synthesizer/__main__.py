from toolguild.runtime.main import main
from toolguild_synthesizer import service

main(service)
