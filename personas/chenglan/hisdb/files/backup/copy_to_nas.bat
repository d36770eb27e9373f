@echo off
rem 每日 03:30 计划任务：把昨夜的全备拷到影像中心存储
rem 2025-06 换存储后改过地址，老脚本在 old 目录
set SRC=E:\HISBAK\THIS4
set DST=\\{address:ris}\HISBAK_COPY
net use %DST% /user:CLZXYY\{account:hisdb/hisbak} {password:hisdb/hisbak} >nul
forfiles /p %SRC% /m *.bak /d -1 /c "cmd /c echo 跳过 @file" >nul
robocopy %SRC% %DST% *.bak /maxage:1 /r:3 /w:10 /log+:E:\HISBAK\copy.log
net use %DST% /delete >nul
