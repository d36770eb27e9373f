//! The groups that a Windows has from its installation.

/// The group of all users of a host, by number and name.
pub(super) const NONE: (u32, &str) = (513, "None");

/// Numbers of local groups that answers look for.
pub(super) const ADMINISTRATORS: u32 = 544;
pub(super) const USERS: u32 = 545;
pub(super) const GUESTS: u32 = 546;

/// Local groups of `Builtin`: number, name, description.
pub(super) const ALIASES: &[(u32, &str, &str)] = &[
    (579, "Access Control Assistance Operators", "此组的成员可以远程查询此计算机上资源的授权属性和权限。"),
    (544, "Administrators", "管理员对计算机/域有不受限制的完全访问权"),
    (551, "Backup Operators", "备份操作员为了备份或还原文件可以替代安全限制"),
    (569, "Cryptographic Operators", "授权成员执行加密操作。"),
    (562, "Distributed COM Users", "成员允许启动、激活和使用此计算机上的分布式 COM 对象。"),
    (573, "Event Log Readers", "此组的成员可以从本地计算机中读取事件日志"),
    (546, "Guests", "按默认值，来宾跟用户组的成员有同等访问权，但来宾帐户的限制更多"),
    (578, "Hyper-V Administrators", "此组的成员拥有对 Hyper-V 所有功能的完全且不受限制的访问权限。"),
    (568, "IIS_IUSRS", "Internet 信息服务使用的内置组。"),
    (556, "Network Configuration Operators", "此组中的成员有部分管理权限来管理网络功能的配置"),
    (
        559,
        "Performance Log Users",
        "该组中的成员可以计划进行性能计数器日志记录、启用跟踪记录提供程序，以及在本地或通过远程访问此计算机来收集事件跟踪记录",
    ),
    (558, "Performance Monitor Users", "此组的成员可以从本地和远程访问性能计数器数据"),
    (547, "Power Users", "包括高级用户以向下兼容，高级用户拥有有限的管理权限"),
    (550, "Print Operators", "成员可以管理在域控制器上安装的打印机"),
    (555, "Remote Desktop Users", "此组中的成员被授予远程登录的权限"),
    (
        580,
        "Remote Management Users",
        "此组的成员可以通过管理协议(例如，通过 Windows 远程管理服务实现的 WS-Management)访问 WMI 资源。这仅适用于授予用户访问权限的 WMI 命名空间。",
    ),
    (552, "Replicator", "支持域中的文件复制"),
    (545, "Users", "防止用户进行有意或无意的系统范围的更改，但是可以运行大部分应用程序"),
];
