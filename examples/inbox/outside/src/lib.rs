//! The inbox before judges that are not ours: see `tests/`.
