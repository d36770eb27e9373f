df -h
systemctl status nginx
tail -n 50 /opt/hl-his/logs/catalina.out
cat /opt/hl-his/conf/interface.properties
ping -c 3 {address:pacs}
ss -ltn
cat portal.txt
./check_his.sh
free -m
uptime
exit
