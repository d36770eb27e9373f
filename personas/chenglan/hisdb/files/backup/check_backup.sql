-- 巡检：最近三天的全备
SELECT TOP 20 database_name, backup_start_date, backup_finish_date,
       CAST(compressed_backup_size / 1048576 AS INT) AS MB
FROM msdb.dbo.backupset (NOLOCK)
WHERE type = 'D' AND backup_start_date > DATEADD(DAY, -3, GETDATE())
ORDER BY backup_start_date DESC
