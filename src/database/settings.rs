//! Options of `sp_configure`.

use std::collections::BTreeMap;

/// Options of SQL Server 2012 that people look at: name, id, lowest, highest, value as installed,
/// whether it is an advanced one, and what it is for.
pub(super) const OPTIONS: &[(&str, i32, i64, i64, i64, bool)] = &[
    ("Ad Hoc Distributed Queries", 16391, 0, 1, 0, true),
    ("affinity mask", 1535, -2147483648, 2147483647, 0, true),
    ("Agent XPs", 16384, 0, 1, 1, true),
    ("allow updates", 102, 0, 1, 0, false),
    ("backup compression default", 1579, 0, 1, 0, false),
    ("blocked process threshold (s)", 1569, 0, 86400, 0, true),
    ("clr enabled", 1562, 0, 1, 0, false),
    ("contained database authentication", 16393, 0, 1, 0, false),
    ("cost threshold for parallelism", 1538, 0, 32767, 5, true),
    ("cross db ownership chaining", 400, 0, 1, 0, false),
    ("Database Mail XPs", 16386, 0, 1, 0, true),
    ("default language", 124, 0, 9999, 30, false),
    ("fill factor (%)", 109, 0, 100, 0, true),
    ("filestream access level", 1580, 0, 2, 0, false),
    ("max degree of parallelism", 1539, 0, 32767, 4, true),
    ("max server memory (MB)", 1544, 128, 2147483647, 57344, true),
    ("max text repl size (B)", 1536, -1, 2147483647, 65536, false),
    ("max worker threads", 503, 128, 32767, 0, true),
    ("min server memory (MB)", 1543, 0, 2147483647, 0, true),
    ("nested triggers", 115, 0, 1, 1, false),
    ("network packet size (B)", 505, 512, 32767, 4096, true),
    ("Ole Automation Procedures", 16388, 0, 1, 0, true),
    ("optimize for ad hoc workloads", 1581, 0, 1, 0, true),
    ("priority boost", 1517, 0, 1, 0, true),
    ("query wait (s)", 1541, -1, 2147483647, -1, true),
    ("recovery interval (min)", 101, 0, 32767, 0, true),
    ("remote access", 117, 0, 1, 1, false),
    ("remote admin connections", 1576, 0, 1, 0, false),
    ("remote login timeout (s)", 1519, 0, 2147483647, 10, false),
    ("remote proc trans", 542, 0, 1, 0, false),
    ("remote query timeout (s)", 1520, 0, 2147483647, 600, false),
    ("Replication XPs", 16387, 0, 1, 0, true),
    ("scan for startup procs", 1547, 0, 1, 0, true),
    ("server trigger recursion", 116, 0, 1, 1, false),
    ("show advanced options", 518, 0, 1, 0, false),
    ("SMO and DMO XPs", 16385, 0, 1, 1, true),
    ("user connections", 103, 0, 32767, 0, true),
    ("user options", 1534, 0, 32767, 0, false),
    ("xp_cmdshell", 16390, 0, 1, 0, true),
];

/// All options as installed: configured and running value by name in lower case.
pub(super) fn options() -> BTreeMap<String, (i64, i64)> {
    OPTIONS.iter().map(|(name, _, _, _, value, _)| (name.to_lowercase(), (*value, *value))).collect()
}
