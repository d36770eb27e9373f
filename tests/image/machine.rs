//! A machine that the image runs on (QEMU), in a network namespace of its own that has nothing else: the
//! management network, the decoys' trunk behind a switch, and whoever attacks.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A boot of the image took 45 s on two idle cores without hardware virtualisation, and three times that
/// beside other work.
const BOOT: Duration = Duration::from_secs(240);

/// Firmware.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Firmware {
    Uefi,
    Bios,
}

/// The namespace with all that stands outside of the appliance.
pub(crate) struct Outside {
    name: String,
    dir: PathBuf,
    switch: Child,
    rsyslog: Child,
}

/// Port of rsyslog in the namespace.
pub(crate) const SYSLOG: u16 = 5514;

impl Outside {
    /// With a TAP device `tN` for each VLAN (0: none), at `address`.
    pub(crate) fn new(dir: &Path, devices: &[(u16, &str)]) -> Self {
        let name = format!("honeyward-{}", std::process::id());
        run("ip", &["netns", "add", &name]);
        let mut outside = Command::new("ip");
        outside.args(["netns", "exec", &name]);
        let mut switch = outside;
        switch.arg("python3").arg(beside("tests/image/switch.py")).args(["29002", "29001"]);
        switch.args(devices.iter().map(|(vlan, _)| format!("t{vlan}={vlan}")));
        let mut switch = switch.stdout(Stdio::piped()).spawn().expect("python3");
        let mut ready = String::new();
        BufReader::new(switch.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n", "the switch has its devices");
        let config = format!(
            "global(workDirectory=\"{0}\")\nmodule(load=\"imtcp\")\ninput(type=\"imtcp\" port=\"{SYSLOG}\")\n\
             template(name=\"whole\" type=\"string\" string=\"%rawmsg%\\n\")\n\
             action(type=\"omfile\" file=\"{0}/received\" template=\"whole\")\n",
            dir.display()
        );
        fs::write(dir.join("rsyslog.conf"), config).unwrap();
        let rsyslog = Command::new("ip")
            .args(["netns", "exec", &name, "rsyslogd", "-n", "-f"])
            .arg(dir.join("rsyslog.conf"))
            .arg("-i")
            .arg(dir.join("rsyslog.pid"))
            .spawn()
            .expect("rsyslogd");
        let outside = Outside { name, dir: dir.to_owned(), switch, rsyslog };
        outside.run("ip", &["link", "set", "lo", "up"]);
        for (vlan, address) in devices {
            let device = format!("t{vlan}");
            outside.run("ip", &["address", "add", address, "dev", &device]);
            outside.run("ip", &["link", "set", &device, "up"]);
        }
        outside
    }

    /// Where its files are.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A program in the namespace that goes on.
    pub(crate) fn spawn(&self, program: &str, arguments: &[&str]) -> Child {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]).args(arguments).stdin(Stdio::null());
        command.stderr(Stdio::null()).spawn().unwrap_or_else(|e| panic!("{program}: {e}"))
    }

    /// A program in the namespace.
    pub(crate) fn output(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]).args(arguments).stdin(Stdio::null());
        command.output().unwrap_or_else(|e| panic!("{program}: {e}"))
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.output(program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {}", text(&output));
    }

    /// What rsyslog got.
    pub(crate) fn received(&self) -> String {
        fs::read_to_string(self.dir.join("received")).unwrap_or_default()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        for child in [&mut self.switch, &mut self.rsyslog] {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

/// A running machine.
pub(crate) struct Machine {
    qemu: Child,
    serial: PathBuf,
    plugged: Option<UnixStream>,
    log: PathBuf,
}

impl Machine {
    /// Powers a machine on.
    pub(crate) fn start(
        outside: &Outside,
        disk: &Path,
        stick: Option<&Path>,
        firmware: Firmware,
        name: &str,
    ) -> Self {
        let (serial, log) =
            (outside.dir.join(format!("{name}.sock")), outside.dir.join(format!("{name}.log")));
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &outside.name, "qemu-system-x86_64"]);
        // No hardware virtualisation; this version's emulation of one instruction breaks newer kernels.
        command.args(["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "qemu64,-cx16", "-smp", "2"]);
        command.args(["-m", "1024", "-machine", "q35", "-display", "none", "-monitor", "none"]);
        let chardev = format!(
            "socket,id=s,path={},server=on,wait=off,logfile={},logappend=on",
            serial.display(),
            log.display()
        );
        command.args(["-chardev", &chardev, "-serial", "chardev:s"]);
        command.args(["-netdev", "user,id=m,hostfwd=tcp:127.0.0.1:8443-:8443"]);
        command.args(["-device", "virtio-net-pci,netdev=m,romfile="]);
        command.args(["-netdev", "socket,id=d,udp=127.0.0.1:29002,localaddr=127.0.0.1:29001"]);
        command.args(["-device", "e1000,netdev=d,romfile="]);
        let drive = format!("if=none,id=disk,file={},format=raw,cache=writethrough", disk.display());
        command.args(["-drive", &drive]);
        // First of all, or the firmware looks for a server to start from whenever a stick was put in.
        command.args(["-device", "virtio-blk-pci,drive=disk,bootindex=0"]);
        command.args(["-device", "i6300esb", "-action", "watchdog=reset"]);
        if let Some(stick) = stick {
            command.args(["-drive", &format!("if=none,id=stick,format=raw,file={}", stick.display())]);
            command.args(["-device", "qemu-xhci", "-device", "usb-storage,drive=stick"]);
        }
        if firmware == Firmware::Uefi {
            let vars = outside.dir.join("vars.fd");
            if !vars.exists() {
                fs::copy("/usr/share/OVMF/OVMF_VARS_4M.fd", &vars).expect("install the Debian package ovmf");
            }
            let code = "/usr/share/OVMF/OVMF_CODE_4M.fd";
            command.args(["-drive", &format!("if=pflash,format=raw,readonly=on,file={code}")]);
            command.args(["-drive", &format!("if=pflash,format=raw,file={}", vars.display())]);
        }
        let qemu = command.spawn().expect("install the Debian package qemu-system-x86");
        Machine { qemu, serial, plugged: None, log }
    }

    /// Waits until the machine says so.
    pub(crate) fn says(&mut self, what: &str) {
        self.says_after(1, what);
    }

    /// Waits until it says so after so many starts.
    pub(crate) fn says_after(&mut self, starts: u32, what: &str) {
        let started = Instant::now();
        while !self.log().contains(what) {
            let ended = self.qemu.try_wait().unwrap();
            assert!(ended.is_none() || self.log().contains(what), "ended before {what:?}:\n{}", self.log());
            assert!(started.elapsed() < BOOT * starts, "never said {what:?}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    /// All that it said.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Types a line at its serial console. The line stays plugged in: what was typed into one that is
    /// unplugged before the machine has read it is lost.
    pub(crate) fn types(&mut self, line: &str) {
        let serial = &self.serial;
        let plugged = self.plugged.get_or_insert_with(|| plug(serial));
        plugged.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits until it is off.
    pub(crate) fn ends(&mut self) {
        let started = Instant::now();
        while self.qemu.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < BOOT / 2, "does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    /// Pulls the power.
    pub(crate) fn unplug(mut self) {
        self.qemu.kill().unwrap();
        self.qemu.wait().unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// Plugs the serial line in, and reads what comes: the machine waits for who does not.
fn plug(serial: &Path) -> UnixStream {
    let line = UnixStream::connect(serial).unwrap();
    let mut heard = line.try_clone().unwrap();
    std::thread::spawn(move || std::io::copy(&mut heard, &mut std::io::sink()));
    line
}

/// A file of the project.
pub(crate) fn beside(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a program that must succeed; what it said.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", text(&output));
    text(&output)
}

/// Both outputs of a program.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Tries until it succeeds.
pub(crate) fn within<T>(limit: Duration, what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(300));
    }
}
