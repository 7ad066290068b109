"""How the bundled model was made: BIQ2021 photos, a frozen ImageNet backbone, a small trained head."""
