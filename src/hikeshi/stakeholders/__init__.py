"""SA1: contacts, conversations and rounds of questions with people inside and outside."""
