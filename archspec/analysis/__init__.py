"""What a network costs, for programs (`cost`) and for readers (`table`)."""
