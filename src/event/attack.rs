//! Names of MITRE ATT&CK (Enterprise) for the technique ids that alerts carry. Ids are what holds:
//! names change between versions, and these are version 19's.

/// A technique or sub-technique's own name, without its parent's.
pub fn technique(id: &str) -> Option<&'static str> {
    TECHNIQUES
        .binary_search_by_key(&id, |(known, _)| known)
        .ok()
        .and_then(|at| TECHNIQUES.get(at))
        .map(|t| t.1)
}

/// The tactic that a technique is filed under here; some serve two, then the one meant in a honeynet.
pub fn tactic(id: &str) -> Option<&'static str> {
    let own = |id: &str| TACTICS.iter().find(|(_, held)| held.contains(&id)).map(|(tactic, _)| *tactic);
    own(id).or_else(|| own(id.split('.').next().unwrap_or_default()))
}

/// Tactics in the order an attack goes, with their techniques; a sub-technique follows its parent.
pub const TACTICS: &[(&str, &[&str])] = &[
    ("reconnaissance", &["T1595"]),
    ("initial_access", &["T1190", "T1078"]),
    ("execution", &["T1047", "T1053", "T1059", "T1569"]),
    ("persistence", &["T1505", "T1543"]),
    ("credential_access", &["T1003", "T1110", "T1187", "T1552", "T1557"]),
    ("discovery", &["T1018", "T1033", "T1046", "T1082", "T1087", "T1135"]),
    ("lateral_movement", &["T1021", "T1210", "T1550", "T1570"]),
    ("collection", &["T1005", "T1039", "T1119", "T1213", "T1602"]),
    ("command_and_control", &["T1090", "T1105", "T1572"]),
    ("exfiltration", &["T1030", "T1048"]),
    ("impact", &["T1112", "T1485", "T1486", "T1489", "T1490", "T1565"]),
];

/// By id, sorted.
const TECHNIQUES: &[(&str, &str)] = &[
    ("T1003", "OS Credential Dumping"),
    ("T1003.002", "Security Account Manager"),
    ("T1005", "Data from Local System"),
    ("T1018", "Remote System Discovery"),
    ("T1021", "Remote Services"),
    ("T1021.001", "Remote Desktop Protocol"),
    ("T1021.002", "SMB/Windows Admin Shares"),
    ("T1021.003", "Distributed Component Object Model"),
    ("T1021.004", "SSH"),
    ("T1021.005", "VNC"),
    ("T1021.006", "Windows Remote Management"),
    ("T1030", "Data Transfer Size Limits"),
    ("T1033", "System Owner/User Discovery"),
    ("T1039", "Data from Network Shared Drive"),
    ("T1046", "Network Service Discovery"),
    ("T1047", "Windows Management Instrumentation"),
    ("T1048", "Exfiltration Over Alternative Protocol"),
    ("T1053", "Scheduled Task/Job"),
    ("T1053.005", "Scheduled Task"),
    ("T1059", "Command and Scripting Interpreter"),
    ("T1059.003", "Windows Command Shell"),
    ("T1059.004", "Unix Shell"),
    ("T1078", "Valid Accounts"),
    ("T1078.001", "Default Accounts"),
    ("T1082", "System Information Discovery"),
    ("T1087", "Account Discovery"),
    ("T1087.001", "Local Account"),
    ("T1087.002", "Domain Account"),
    ("T1090", "Proxy"),
    ("T1105", "Ingress Tool Transfer"),
    ("T1110", "Brute Force"),
    ("T1110.001", "Password Guessing"),
    ("T1110.003", "Password Spraying"),
    ("T1110.004", "Credential Stuffing"),
    ("T1112", "Modify Registry"),
    ("T1119", "Automated Collection"),
    ("T1135", "Network Share Discovery"),
    ("T1187", "Forced Authentication"),
    ("T1190", "Exploit Public-Facing Application"),
    ("T1210", "Exploitation of Remote Services"),
    ("T1213", "Data from Information Repositories"),
    ("T1213.006", "Databases"),
    ("T1485", "Data Destruction"),
    ("T1486", "Data Encrypted for Impact"),
    ("T1489", "Service Stop"),
    ("T1490", "Inhibit System Recovery"),
    ("T1505", "Server Software Component"),
    ("T1505.001", "SQL Stored Procedures"),
    ("T1505.003", "Web Shell"),
    ("T1543", "Create or Modify System Process"),
    ("T1543.003", "Windows Service"),
    ("T1550", "Use Alternate Authentication Material"),
    ("T1550.002", "Pass the Hash"),
    ("T1552", "Unsecured Credentials"),
    ("T1552.001", "Credentials In Files"),
    ("T1552.004", "Private Keys"),
    ("T1557", "Adversary-in-the-Middle"),
    ("T1565", "Data Manipulation"),
    ("T1565.001", "Stored Data Manipulation"),
    ("T1565.002", "Transmitted Data Manipulation"),
    ("T1569", "System Services"),
    ("T1569.002", "Service Execution"),
    ("T1570", "Lateral Tool Transfer"),
    ("T1572", "Protocol Tunneling"),
    ("T1595", "Active Scanning"),
    ("T1602", "Data from Configuration Repository"),
    ("T1602.001", "SNMP (MIB Dump)"),
    ("T1602.002", "Network Device Configuration Dump"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_no_sub_technique_lacks_its_parent() {
        assert!(TECHNIQUES.is_sorted_by_key(|(id, _)| id));
        for (id, _) in TECHNIQUES {
            assert!(technique(id.split('.').next().unwrap()).is_some(), "{id}");
        }
        assert_eq!(technique("T1021.004"), Some("SSH"));
        assert_eq!(technique("T0000"), None);
        for (id, _) in TECHNIQUES {
            assert!(tactic(id).is_some(), "{id}");
        }
        assert_eq!(tactic("T1021.004"), Some("lateral_movement"));
    }
}
