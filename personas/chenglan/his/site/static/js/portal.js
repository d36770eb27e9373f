(function () {
  'use strict';
  function pad(n) { return n < 10 ? '0' + n : '' + n; }
  function tick() {
    var el = document.getElementById('clock');
    if (!el) { return; }
    var d = new Date();
    el.textContent = d.getFullYear() + '-' + pad(d.getMonth() + 1) + '-' + pad(d.getDate()) + ' ' +
      pad(d.getHours()) + ':' + pad(d.getMinutes()) + ':' + pad(d.getSeconds());
  }
  function login() {
    var form = document.getElementById('loginForm');
    if (!form) { return; }
    form.onsubmit = function () {
      if (!form.username.value || !form.password.value) {
        alert('请输入用户名和密码');
        return false;
      }
      document.getElementById('submitBtn').disabled = true;
      return true;
    };
    (form.username.value ? form.password : form.username).focus();
  }
  window.onload = function () { tick(); setInterval(tick, 1000); login(); };
})();
