"""What it costs to keep plugins apart, measured beside what it would cost otherwise. Recorded, never asserted."""
