df -h
./du_storage.sh
cat /opt/pacs/etc/dcmqrscp.cfg
ps aux | grep dcmqrscp
echoscu -aec CLZXPACS {address:pacs} 104
ping -c 2 {address:his}
exit
