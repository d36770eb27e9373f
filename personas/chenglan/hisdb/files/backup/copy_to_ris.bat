@echo off
rem 每日 03:30 计划任务：把昨夜的全备拷到影像科服务器的空余盘
rem 2025-06 换存储后改过地址
set SRC=E:\HISBAK\THIS4
set DST=\\{address:ris}\Report
net use %DST% /user:{account:ris/risfile} {password:ris/risfile} >nul
robocopy %SRC% %DST%\_hisbak *.bak /maxage:1 /r:3 /w:10 /log+:E:\HISBAK\copy.log
net use %DST% /delete >nul
