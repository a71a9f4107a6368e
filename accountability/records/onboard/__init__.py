"""Onboard an unknown file: profile its columns, propose a declaration, correct and check it."""
