"""What runs inside the outer sandbox. Standard library only: nothing else of this project is there."""
