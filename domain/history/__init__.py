"""What was said of one thing, added up: pregnancies, doses, papers, visits, contracts."""
