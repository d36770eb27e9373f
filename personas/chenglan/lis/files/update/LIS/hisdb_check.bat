@echo off
rem 信息科巡检：HIS 库备份共享是否可用
net use \\{address:hisdb}\HISBAK /user:CLZXYY\{account:hisdb/hisbak} {password:hisdb/hisbak} >nul
dir \\{address:hisdb}\HISBAK\THIS4 /o-d | more
net use \\{address:hisdb}\HISBAK /delete >nul
