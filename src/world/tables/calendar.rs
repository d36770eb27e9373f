//! Rhythm of a hospital: hours, weekdays, seasons and holidays.

/// First day of the lunar year, (month, day), for 2020 to 2050.
pub(in crate::world) const LUNAR_NEW_YEAR: [(u32, u32); 31] = [
    (1, 25),
    (2, 12),
    (2, 1),
    (1, 22),
    (2, 10),
    (1, 29),
    (2, 17),
    (2, 6),
    (1, 26),
    (2, 13),
    (2, 3),
    (1, 23),
    (2, 11),
    (1, 31),
    (2, 19),
    (2, 8),
    (1, 28),
    (2, 15),
    (2, 4),
    (1, 24),
    (2, 12),
    (2, 1),
    (1, 22),
    (2, 10),
    (1, 30),
    (2, 17),
    (2, 6),
    (1, 26),
    (2, 14),
    (2, 2),
    (1, 23),
];

/// Outpatients by weekday, Monday first, in per cent of an ordinary weekday.
pub(in crate::world) const OUTPATIENT_WEEK: [u32; 7] = [118, 106, 101, 98, 95, 57, 43];

/// Emergency visits by weekday.
pub(in crate::world) const EMERGENCY_WEEK: [u32; 7] = [100, 96, 96, 96, 100, 112, 114];

/// Admissions by weekday.
pub(in crate::world) const ADMISSION_WEEK: [u32; 7] = [124, 112, 106, 104, 96, 72, 66];

/// Outpatients by month, January first.
pub(in crate::world) const OUTPATIENT_MONTH: [u32; 12] =
    [94, 90, 106, 104, 101, 98, 103, 101, 98, 94, 102, 107];

/// Emergency visits by month: winter and high summer.
pub(in crate::world) const EMERGENCY_MONTH: [u32; 12] =
    [112, 108, 98, 94, 96, 98, 104, 104, 96, 94, 100, 110];

/// Registrations of outpatients by hour of the day.
pub(in crate::world) const OUTPATIENT_HOURS: [u32; 24] =
    [0, 0, 0, 0, 0, 0, 0, 50, 160, 170, 140, 80, 20, 50, 110, 100, 70, 30, 10, 0, 0, 0, 0, 0];

/// Emergency arrivals by hour.
pub(in crate::world) const EMERGENCY_HOURS: [u32; 24] =
    [30, 25, 20, 16, 13, 14, 20, 30, 42, 52, 60, 58, 46, 40, 42, 44, 44, 48, 60, 66, 66, 62, 54, 42];

/// Admissions by hour.
pub(in crate::world) const ADMISSION_HOURS: [u32; 24] =
    [6, 5, 4, 4, 3, 3, 4, 10, 60, 160, 150, 70, 20, 30, 140, 130, 70, 30, 24, 20, 16, 14, 10, 8];

/// Lengths of stay in days with the share, in per mille, of stays that last at most so long.
pub(in crate::world) const STAYS: [(i32, u32); 16] = [
    (2, 60),
    (3, 150),
    (4, 245),
    (5, 345),
    (6, 440),
    (7, 545),
    (8, 635),
    (9, 705),
    (10, 770),
    (11, 815),
    (12, 855),
    (14, 910),
    (16, 945),
    (19, 972),
    (23, 990),
    (28, 1000),
];
