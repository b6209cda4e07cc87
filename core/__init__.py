"""The frame of Abona: technique only. It names no module of the business."""
