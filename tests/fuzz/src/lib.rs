//! Fuzz targets of `optin` as plain functions of bytes: none may panic.
