(function () {
  function $(id) { return document.getElementById(id); }
  var context = location.pathname.replace(/\/[^\/]*$/, '');
  function call(body, done) {
    var xhr = new XMLHttpRequest();
    xhr.open('POST', context + '/logon.jsonRequest');
    xhr.setRequestHeader('Content-Type', 'application/json');
    xhr.setRequestHeader('encoding', 'utf-8');
    xhr.onload = function () { done(JSON.parse(xhr.responseText)); };
    xhr.send(JSON.stringify({ serviceId: 'phis.logonService', method: 'logon', body: body }));
  }
  function logon() {
    if (!$('uid').value) { $('tip').innerHTML = '请输入用户名'; return; }
    call({ uid: $('uid').value, psw: $('psw').value, unit: $('unit').value, role: $('role').value }, function (r) {
      if (r.code === 200) { location.href = context + '/main.html'; } else { $('tip').innerHTML = r.msg; }
    });
  }
  $('logon').onclick = logon;
  $('reset').onclick = function () { $('uid').value = ''; $('psw').value = ''; $('tip').innerHTML = ''; };
  $('psw').onkeydown = function (e) { if (e.keyCode === 13) { logon(); } };
}());
