"""What may be exported: rules for texts that identify people, and the export of coded tables to other programs."""
