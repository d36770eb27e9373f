//! Holds the table of rooms.
