//! What SQL Server's agent did, and when databases were copied: tables of msdb.

use jiff::civil::DateTime;
use jiff::{Span, ToSpan};
use rusqlite::types::Value as Cell;

use super::backups::{Backup, backups};
use super::table;
use crate::database::facts::Facts;
use crate::database::system::{Late, System, at, n, none, t};

/// A job of the agent: its name, when it runs (hour, minute), for how many seconds, what its step does.
struct Job {
    name: &'static str,
    hour: i8,
    minute: i8,
    seconds: i64,
    /// Runs on Sundays alone.
    weekly: bool,
    step: &'static str,
    subsystem: &'static str,
    command: &'static str,
    database: &'static str,
}

const JOBS: &[Job] = &[
    Job {
        name: "HIS_每日备份",
        hour: 2,
        minute: 0,
        seconds: 710,
        weekly: false,
        step: "备份数据库",
        subsystem: "SSIS",
        command: r#"/Server "$(ESCAPE_NONE(SRVR))" /SQL "Maintenance Plans\HIS_每日备份" /set "\Package\Subplan_1.Disable;false""#,
        database: "master",
    },
    Job {
        name: "HIS_费用日结",
        hour: 23,
        minute: 50,
        seconds: 212,
        weekly: false,
        step: "日结",
        subsystem: "TSQL",
        command: "exec USP_SF_RJZ",
        database: "THIS4",
    },
    Job {
        name: "HIS_索引重建",
        hour: 3,
        minute: 30,
        seconds: 5_480,
        weekly: true,
        step: "重建索引",
        subsystem: "TSQL",
        command: "exec sp_MSforeachtable 'DBCC DBREINDEX(''?'')'",
        database: "THIS4",
    },
    Job {
        name: "syspolicy_purge_history",
        hour: 2,
        minute: 0,
        seconds: 1,
        weekly: false,
        step: "Verify that automation is enabled.",
        subsystem: "TSQL",
        command: "IF (msdb.dbo.fn_syspolicy_is_automation_enabled() != 1)\r\n        BEGIN\r\n            RAISERROR(34022, 16, 1)\r\n        END",
        database: "master",
    },
];

/// Days of runs that are listed: the agent keeps a hundred rows of a job.
const RUNS: i64 = 30;

fn job_id(facts: &Facts, job: &Job) -> Late {
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(facts.catalog.machine.derive(&format!("job/{}", job.name))) {
        *to = from;
    }
    t(crate::database::value::guid(&id))
}

fn made(facts: &Facts) -> DateTime {
    facts.catalog.server.installed.saturating_add(5.days()).saturating_add(95.minutes())
}

/// The runs of a job that have ended, newest last: when and for how many seconds.
fn runs(facts: &Facts, job: &Job) -> Vec<(DateTime, i64)> {
    let now = facts.now();
    (0..RUNS)
        .rev()
        .filter_map(|day| {
            let date = now.date().saturating_sub(Span::new().days(day));
            if job.weekly && date.weekday() != jiff::civil::Weekday::Sunday {
                return None;
            }
            let begun = date.at(job.hour, job.minute, 0, 0);
            let label = format!("job/{}/{date}", job.name);
            let spread = u64::try_from(job.seconds / 6 + 1).unwrap_or(1);
            let taken =
                job.seconds + i64::try_from(facts.catalog.machine.number(&label, spread)).unwrap_or(0);
            (begun.saturating_add(taken.seconds()) <= now).then_some((begun, taken))
        })
        .collect()
}

fn day_number(moment: DateTime) -> i64 {
    moment.strftime("%Y%m%d").to_string().parse().unwrap_or(0)
}

fn clock_number(moment: DateTime) -> i64 {
    moment.strftime("%H%M%S").to_string().parse().unwrap_or(0)
}

/// Seconds as the agent writes durations: `HHMMSS`.
fn duration_number(seconds: i64) -> i64 {
    seconds / 3_600 * 10_000 + seconds / 60 % 60 * 100 + seconds % 60
}

pub(super) static TABLES: &[System] = &[
    table(
        "msdb.sysjobs",
        &[
            "job_id uniqueidentifier not null",
            "originating_server_id int not null",
            "name sysname not null",
            "enabled tinyint not null",
            "description nvarchar(512)",
            "start_step_id int not null",
            "category_id int not null",
            "owner_sid varbinary(85) not null",
            "notify_level_eventlog int not null",
            "delete_level int not null",
            "date_created datetime not null",
            "date_modified datetime not null",
            "version_number int not null",
        ],
        |facts, _| {
            let row = |job: &Job| {
                vec![
                    job_id(facts, job),
                    n(0),
                    t(job.name),
                    n(1),
                    t("无说明。"),
                    n(1),
                    n(0),
                    Late::Now(Cell::Blob(vec![1])),
                    n(2),
                    n(0),
                    at(made(facts)),
                    at(made(facts).saturating_add(12.minutes())),
                    n(4),
                ]
            };
            JOBS.iter().map(row).collect()
        },
    ),
    table(
        "msdb.sysjobsteps",
        &[
            "job_id uniqueidentifier not null",
            "step_id int not null",
            "step_name sysname not null",
            "subsystem nvarchar(40) not null",
            "command nvarchar(max)",
            "flags int not null",
            "on_success_action tinyint not null",
            "on_fail_action tinyint not null",
            "database_name sysname",
            "last_run_outcome int not null",
            "last_run_duration int not null",
            "last_run_date int not null",
            "last_run_time int not null",
        ],
        |facts, _| {
            let row = |job: &Job| {
                let last = runs(facts, job).pop();
                vec![
                    job_id(facts, job),
                    n(1),
                    t(job.step),
                    t(job.subsystem),
                    t(job.command),
                    n(0),
                    n(1),
                    n(2),
                    t(job.database),
                    n(i64::from(last.is_some())),
                    n(last.map_or(0, |(_, taken)| duration_number(taken))),
                    n(last.map_or(0, |(begun, _)| day_number(begun))),
                    n(last.map_or(0, |(begun, _)| clock_number(begun))),
                ]
            };
            JOBS.iter().map(row).collect()
        },
    ),
    table(
        "msdb.sysjobhistory",
        &[
            "instance_id int not null",
            "job_id uniqueidentifier not null",
            "step_id int not null",
            "step_name sysname not null",
            "sql_message_id int not null",
            "sql_severity int not null",
            "message nvarchar(4000)",
            "run_status int not null",
            "run_date int not null",
            "run_time int not null",
            "run_duration int not null",
            "retries_attempted int not null",
            "server sysname not null",
        ],
        |facts, _| {
            let mut rows = Vec::new();
            let of_jobs = JOBS.iter().flat_map(|job| runs(facts, job).into_iter().map(move |run| (job, run)));
            let mut all: Vec<_> = of_jobs.collect();
            all.sort_by_key(|(_, (begun, _))| *begun);
            let mut number = 31_000 + day_number(facts.now()) % 10_000 * 3;
            for (job, (begun, taken)) in all {
                let done = format!(
                    "作业成功。  计划 {} (HIS_每日) 调用了该作业。最后运行的是步骤 1 ({})。",
                    9, job.step
                );
                let step = r"已以用户 NT SERVICE\SQLSERVERAGENT 的身份执行。 该步骤成功。";
                for (id, name, text) in [(1, job.step, step), (0, "(作业结果)", done.as_str())] {
                    number += 1;
                    rows.push(vec![
                        n(number),
                        job_id(facts, job),
                        n(id),
                        t(name),
                        n(0),
                        n(0),
                        t(text),
                        n(1),
                        n(day_number(begun)),
                        n(clock_number(begun)),
                        n(duration_number(taken)),
                        n(0),
                        t(&facts.catalog.server.name),
                    ]);
                }
            }
            rows
        },
    ),
    table(
        "msdb.sysjobservers",
        &["job_id uniqueidentifier not null", "server_id int not null", "last_run_outcome tinyint not null"],
        |facts, _| JOBS.iter().map(|job| vec![job_id(facts, job), n(0), n(1)]).collect(),
    ),
    table(
        "msdb.sysschedules",
        &[
            "schedule_id int not null",
            "name sysname not null",
            "enabled int not null",
            "freq_type int not null",
            "freq_interval int not null",
            "active_start_time int not null",
            "date_created datetime not null",
        ],
        |facts, _| {
            let row = |(job, id): (&Job, i64)| {
                let (kind, interval) = if job.weekly { (8, 1) } else { (4, 1) };
                let start = i64::from(job.hour) * 10_000 + i64::from(job.minute) * 100;
                vec![n(id), t("HIS_每日"), n(1), n(kind), n(interval), n(start), at(made(facts))]
            };
            JOBS.iter().zip(8..).map(row).collect()
        },
    ),
    table(
        "msdb.sysjobschedules",
        &[
            "schedule_id int",
            "job_id uniqueidentifier",
            "next_run_date int not null",
            "next_run_time int not null",
        ],
        |facts, _| {
            let next = facts.now().date().tomorrow().unwrap_or(facts.now().date());
            let row = |(job, id): (&Job, i64)| {
                let start = i64::from(job.hour) * 10_000 + i64::from(job.minute) * 100;
                vec![n(id), job_id(facts, job), n(day_number(next.at(0, 0, 0, 0))), n(start)]
            };
            JOBS.iter().zip(8..).map(row).collect()
        },
    ),
    table(
        "msdb.backupset",
        &[
            "backup_set_id int not null",
            "media_set_id int not null",
            "name nvarchar(128)",
            "user_name nvarchar(128)",
            "software_major_version tinyint",
            "software_build_version smallint",
            "first_lsn numeric(25,0)",
            "last_lsn numeric(25,0)",
            "backup_start_date datetime",
            "backup_finish_date datetime",
            "type char(1)",
            "compatibility_level tinyint",
            "database_version int",
            "backup_size numeric(20,0)",
            "database_name nvarchar(128)",
            "server_name nvarchar(128)",
            "machine_name nvarchar(128)",
            "is_copy_only bit",
            "is_password_protected bit",
            "recovery_model nvarchar(60)",
            "compressed_backup_size numeric(20,0)",
        ],
        |facts, _| {
            let bytes = |number: u64| n(i64::try_from(number).unwrap_or(i64::MAX));
            let row = |backup: Backup| {
                let name = backup
                    .path
                    .rsplit('\\')
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches(".bak")
                    .trim_end_matches(".trn")
                    .to_owned();
                vec![
                    n(backup.number),
                    n(backup.number),
                    t(name),
                    t(r"NT SERVICE\SQLSERVERAGENT"),
                    n(11),
                    n(7001),
                    n(backup.number * 1_171_000_000_000 + 41),
                    n(backup.number * 1_171_000_000_000 + 57_000_001),
                    at(backup.started),
                    at(backup.finished),
                    t(if backup.log { "L" } else { "D" }),
                    n(110),
                    n(706),
                    bytes(backup.size),
                    t(backup.database),
                    t(&facts.catalog.server.name),
                    t(&facts.catalog.server.name),
                    n(0),
                    n(0),
                    t("FULL"),
                    bytes(backup.bytes),
                ]
            };
            backups(facts).into_iter().map(row).collect()
        },
    ),
    table(
        "msdb.backupmediafamily",
        &[
            "media_set_id int not null",
            "family_sequence_number tinyint not null",
            "media_count tinyint",
            "logical_device_name nvarchar(128)",
            "physical_device_name nvarchar(260)",
            "device_type tinyint",
            "physical_block_size int",
            "mirror tinyint not null",
        ],
        |facts, _| {
            let row = |backup: Backup| {
                vec![n(backup.number), n(1), n(1), none(), t(backup.path), n(2), n(65_536), n(0)]
            };
            backups(facts).into_iter().map(row).collect()
        },
    ),
    table(
        "msdb.restorehistory",
        &[
            "restore_history_id int not null",
            "restore_date datetime",
            "destination_database_name nvarchar(128)",
            "user_name nvarchar(128)",
            "backup_set_id int not null",
            "restore_type char(1)",
        ],
        |_, _| Vec::new(),
    ),
];
