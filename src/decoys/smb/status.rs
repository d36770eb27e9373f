//! Status codes (MS-ERREF 2.3.1), as many as a file server gives.

/// An NTSTATUS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    /// All went well.
    pub const SUCCESS: Status = Status(0);
    /// The answer comes later.
    pub const PENDING: Status = Status(0x0000_0103);
    /// A watch ended because its folder was closed.
    pub const NOTIFY_CLEANUP: Status = Status(0x0000_010b);
    /// More happened than the answer has room for.
    pub const NOTIFY_ENUM_DIR: Status = Status(0x0000_010c);
    /// There is more than was given.
    pub const BUFFER_OVERFLOW: Status = Status(0x8000_0005);
    /// A folder has no more entries.
    pub const NO_MORE_FILES: Status = Status(0x8000_0006);
    /// An error that nothing else names.
    pub const UNSUCCESSFUL: Status = Status(0xc000_0001);
    /// The server does not know this.
    pub const NOT_IMPLEMENTED: Status = Status(0xc000_0002);
    /// It knows no such class of information.
    pub const INVALID_INFO_CLASS: Status = Status(0xc000_0003);
    /// The buffer has the wrong length for its class.
    pub const INFO_LENGTH_MISMATCH: Status = Status(0xc000_0004);
    /// No open with this handle.
    pub const INVALID_HANDLE: Status = Status(0xc000_0008);
    /// Something in the request makes no sense.
    pub const INVALID_PARAMETER: Status = Status(0xc000_000d);
    /// No such file.
    pub const NO_SUCH_FILE: Status = Status(0xc000_000f);
    /// The file system or device does not do this.
    pub const INVALID_DEVICE_REQUEST: Status = Status(0xc000_0010);
    /// The read began behind the end.
    pub const END_OF_FILE: Status = Status(0xc000_0011);
    /// The negotiation of a session goes on.
    pub const MORE_PROCESSING_REQUIRED: Status = Status(0xc000_0016);
    /// He may not.
    pub const ACCESS_DENIED: Status = Status(0xc000_0022);
    /// The buffer is too small for even the fixed part.
    pub const BUFFER_TOO_SMALL: Status = Status(0xc000_0023);
    /// A name with characters that no name has.
    pub const OBJECT_NAME_INVALID: Status = Status(0xc000_0033);
    /// No such name.
    pub const OBJECT_NAME_NOT_FOUND: Status = Status(0xc000_0034);
    /// There is one already.
    pub const OBJECT_NAME_COLLISION: Status = Status(0xc000_0035);
    /// The folder of a name does not exist.
    pub const OBJECT_PATH_NOT_FOUND: Status = Status(0xc000_003a);
    /// A path that is none.
    pub const OBJECT_PATH_SYNTAX_BAD: Status = Status(0xc000_003b);
    /// Somebody else has it open.
    pub const SHARING_VIOLATION: Status = Status(0xc000_0043);
    /// A lock is in the way of a read or write.
    pub const FILE_LOCK_CONFLICT: Status = Status(0xc000_0054);
    /// A lock is in the way of a lock.
    pub const LOCK_NOT_GRANTED: Status = Status(0xc000_0055);
    /// The file will be gone when it is closed.
    pub const DELETE_PENDING: Status = Status(0xc000_0056);
    /// Wrong name or password.
    pub const LOGON_FAILURE: Status = Status(0xc000_006d);
    /// There is no such lock.
    pub const RANGE_NOT_LOCKED: Status = Status(0xc000_007e);
    /// The disk is full.
    pub const DISK_FULL: Status = Status(0xc000_007f);
    /// It has no more of something.
    pub const INSUFFICIENT_RESOURCES: Status = Status(0xc000_009a);
    /// The medium is write protected.
    pub const MEDIA_WRITE_PROTECTED: Status = Status(0xc000_00a2);
    /// A pipe that is open as often as it may be.
    pub const PIPE_NOT_AVAILABLE: Status = Status(0xc000_00ac);
    /// A pipe whose other side is gone.
    pub const PIPE_DISCONNECTED: Status = Status(0xc000_00b0);
    /// Nothing to read in a pipe.
    pub const PIPE_EMPTY: Status = Status(0xc000_00d9);
    /// A folder where a file is expected.
    pub const FILE_IS_A_DIRECTORY: Status = Status(0xc000_00ba);
    /// The server can't do this.
    pub const NOT_SUPPORTED: Status = Status(0xc000_00bb);
    /// The share has been taken away.
    pub const NETWORK_NAME_DELETED: Status = Status(0xc000_00c9);
    /// No such share.
    pub const BAD_NETWORK_NAME: Status = Status(0xc000_00cc);
    /// Too many sessions.
    pub const REQUEST_NOT_ACCEPTED: Status = Status(0xc000_00d0);
    /// A folder that is not empty can't be deleted.
    pub const DIRECTORY_NOT_EMPTY: Status = Status(0xc000_0101);
    /// A file where a folder is expected.
    pub const NOT_A_DIRECTORY: Status = Status(0xc000_0103);
    /// The request was taken back.
    pub const CANCELLED: Status = Status(0xc000_0120);
    /// What can't be deleted.
    pub const CANNOT_DELETE: Status = Status(0xc000_0121);
    /// The handle was closed.
    pub const FILE_CLOSED: Status = Status(0xc000_0128);
    /// The domain is not to be had.
    pub const NO_LOGON_SERVERS: Status = Status(0xc000_005e);
    /// There is no such session.
    pub const USER_SESSION_DELETED: Status = Status(0xc000_0203);
    /// Not enough of some resource of the server.
    pub const INSUFF_SERVER_RESOURCES: Status = Status(0xc000_0205);
    /// Nothing was found.
    pub const NOT_FOUND: Status = Status(0xc000_0225);
    /// No path leads to that DFS name.
    pub const PATH_NOT_COVERED: Status = Status(0xc000_0257);
    /// The file system has no such feature here: no reparse point.
    pub const NOT_A_REPARSE_POINT: Status = Status(0xc000_0275);
    /// A device of the file system that is not ready.
    pub const FS_DRIVER_REQUIRED: Status = Status(0xc000_019c);
    /// An SMB command that the server does not know (SMB1).
    pub const SMB_BAD_COMMAND: Status = Status(0x0016_0002);
    /// A tree that is none (SMB1).
    pub const SMB_BAD_TID: Status = Status(0x0005_0002);
    /// A user that is none (SMB1).
    pub const SMB_BAD_UID: Status = Status(0x005b_0002);
}
