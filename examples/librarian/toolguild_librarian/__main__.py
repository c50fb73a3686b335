from toolguild.runtime.main import main
from toolguild_librarian import service

main(service)
