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
(function () {
  'use strict';
  var LINKS = {
    patientId: '/patient/', visitNo: '/outp/visit/', inpatientNo: '/inp/record/', accessionNo: '/study/',
    barcode: '/lab/', billNo: '/fee/receipt/'
  };
  var state = { page: 1, rows: 30, sort: '', order: '' };
  function query(form) {
    var parts = [];
    for (var i = 0; i < form.elements.length; i++) {
      var el = form.elements[i];
      if (el.name) { parts.push(encodeURIComponent(el.name) + '=' + encodeURIComponent(el.value)); }
    }
    return parts.join('&');
  }
  function link(context, key, value) {
    var base = LINKS[key];
    if (key === 'visitNo' && /^ZY/.test(value)) { base = '/inp/record/'; }
    if (!base || !value) { return document.createTextNode(value); }
    var a = document.createElement('a');
    a.href = context + base + value;
    a.textContent = value;
    return a;
  }
  function show(table, keys, data) {
    var body = table.tBodies[0];
    body.innerHTML = '';
    data.rows.forEach(function (row, i) {
      var tr = body.insertRow();
      var no = tr.insertCell();
      no.className = 'no';
      no.textContent = (state.page - 1) * state.rows + i + 1;
      keys.forEach(function (k) {
        var td = tr.insertCell();
        var v = row[k.key];
        if (k.n) { td.className = 'n'; }
        td.appendChild(link(table.getAttribute('data-context'), k.key, v === null || v === undefined ? '' : String(v)));
      });
    });
    if (!data.rows.length) {
      var td = body.insertRow().insertCell();
      td.colSpan = keys.length + 1;
      td.className = 'none';
      td.textContent = '没有符合条件的记录';
    }
  }
  function pager(data, load) {
    var el = document.getElementById('gridPager');
    var pages = Math.max(1, Math.ceil(data.total / state.rows));
    el.innerHTML = '';
    function button(text, page) {
      var a = document.createElement('a');
      a.href = 'javascript:void(0)';
      a.textContent = text;
      a.onclick = function () { state.page = Math.min(pages, Math.max(1, page)); load(); };
      el.appendChild(a);
    }
    el.appendChild(document.createTextNode('共 ' + data.total + ' 条，每页 ' + state.rows + ' 条，第 ' + state.page + ' / ' + pages + ' 页'));
    button('首页', 1); button('上一页', state.page - 1); button('下一页', state.page + 1); button('末页', pages);
  }
  function start() {
    var table = document.getElementById('grid');
    if (!table) { return; }
    var form = document.getElementById('gridForm');
    var keys = [];
    Array.prototype.forEach.call(table.querySelectorAll('th[data-key]'), function (th) {
      keys.push({ key: th.getAttribute('data-key'), n: th.className === 'n' });
      th.onclick = function () {
        state.order = state.sort === th.getAttribute('data-key') && state.order === 'asc' ? 'desc' : 'asc';
        state.sort = th.getAttribute('data-key');
        Array.prototype.forEach.call(table.querySelectorAll('th'), function (o) { o.classList.remove('asc', 'desc'); });
        th.classList.add(state.order);
        load();
      };
    });
    function load() {
      var xhr = new XMLHttpRequest();
      xhr.open('POST', table.getAttribute('data-url'));
      xhr.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded; charset=UTF-8');
      xhr.setRequestHeader('X-Requested-With', 'XMLHttpRequest');
      xhr.onload = function () {
        if (xhr.status !== 200) { alert('查询失败：' + xhr.status); return; }
        var data = JSON.parse(xhr.responseText);
        show(table, keys, data);
        pager(data, load);
      };
      xhr.send(query(form) + '&page=' + state.page + '&rows=' + state.rows + '&sort=' + state.sort + '&order=' + state.order);
    }
    document.getElementById('gridQuery').onclick = function () { state.page = 1; load(); };
    Array.prototype.forEach.call(form.querySelectorAll('[data-export]'), function (b) {
      b.onclick = function () { location.href = table.getAttribute('data-export') + '?format=' + b.getAttribute('data-export') + '&' + query(form); };
    });
    load();
  }
  window.addEventListener('load', start);
})();
