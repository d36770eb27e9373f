#!/bin/bash
# 每日巡检
for p in 80 443 2575; do
  if ss -ltn | grep -q ":$p "; then echo "$p ok"; else echo "$p DOWN"; fi
done
df -h / | tail -n 1
free -m | head -n 2
