"""What teachers say on their phones: which lessons they have, what stands of them, and their words as events."""
