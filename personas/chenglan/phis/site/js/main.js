(function () {
  var NAMES = { cic: '门诊管理', war: '病区管理', pha: '药房管理', ivc: '收费管理', med: '医技报告', sta: '综合查询' };
  var at = { module: 'cic', item: null, page: 1, size: 25, sort: '', order: 'asc' };
  function $(id) { return document.getElementById(id); }
  function call(service, method, body, done) {
    var xhr = new XMLHttpRequest();
    xhr.open('POST', PHIS_CONTEXT + '/' + method + '.jsonRequest');
    xhr.setRequestHeader('Content-Type', 'application/json');
    xhr.onload = function () {
      var r = JSON.parse(xhr.responseText);
      if (r.code === 403) { location.href = PHIS_CONTEXT + '/'; return; }
      done(r);
    };
    xhr.send(JSON.stringify({ serviceId: service, method: method, body: body }));
  }
  function el(tag, text, parent, act) {
    var e = document.createElement(tag);
    e.textContent = text === null || text === undefined ? '' : text;
    if (act) { e.onclick = act; }
    parent.appendChild(e);
    return e;
  }
  function modules() {
    $('modules').innerHTML = '';
    Object.keys(NAMES).forEach(function (m) {
      el('a', NAMES[m], $('modules'), function () { at.module = m; modules(); }).className = m === at.module ? 'on' : '';
    });
    $('tree').innerHTML = '';
    el('h5', NAMES[at.module], $('tree'));
    var first = null;
    PHIS_MENU.forEach(function (item) {
      if (item.module !== at.module) { return; }
      first = first || item;
      el('a', item.title, $('tree'), function () { open(item); }).setAttribute('data-m', item.method);
    });
    open(first);
  }
  function open(item) {
    at.item = item; at.page = 1; at.sort = '';
    $('tabs').innerHTML = '';
    el('b', item.title, $('tabs'));
    $('fdate').style.display = item.dated ? '' : 'none';
    $('fvisit').style.display = item.visit ? '' : 'none';
    load();
  }
  function wanted() {
    return { date: $('date').value, keyword: $('keyword').value, visitNo: $('visitNo').value, pageNo: at.page, pageSize: at.size, sortField: at.sort, sortOrder: at.order };
  }
  function load() {
    $('status').textContent = '正在加载数据...';
    call(at.item.service, at.item.method, wanted(), show);
  }
  function show(r) {
    var head = document.querySelector('#grid thead'), body = document.querySelector('#grid tbody');
    head.innerHTML = ''; body.innerHTML = '';
    if (r.code !== 200) { $('status').textContent = r.msg; return; }
    var tr = head.insertRow();
    el('th', '', tr);
    at.item.columns.forEach(function (c) {
      el('th', c[1], tr, function () { at.order = at.sort === c[0] && at.order === 'asc' ? 'desc' : 'asc'; at.sort = c[0]; load(); });
    });
    r.body.forEach(function (row, i) {
      var line = body.insertRow();
      el('td', (at.page - 1) * at.size + i + 1, line).className = 'rn';
      at.item.columns.forEach(function (c) { el('td', row[c[0]], line); });
    });
    var pages = Math.max(1, Math.ceil(r.totalCount / at.size));
    var p = $('paging');
    p.innerHTML = '';
    [['首页', 1], ['上页', at.page - 1], ['下页', at.page + 1], ['末页', pages]].forEach(function (b) {
      el('a', b[0], p, function () { at.page = Math.min(pages, Math.max(1, b[1])); load(); });
    });
    el('i', '第 ' + at.page + ' 页 / 共 ' + pages + ' 页', p);
    el('span', '显示 ' + ((at.page - 1) * at.size + (r.body.length ? 1 : 0)) + ' - ' + ((at.page - 1) * at.size + r.body.length) + '，共 ' + r.totalCount + ' 条', p);
    $('status').textContent = '就绪';
  }
  var d = new Date();
  function pad(n) { return n < 10 ? '0' + n : n; }
  $('date').value = d.getFullYear() + '-' + pad(d.getMonth() + 1) + '-' + pad(d.getDate());
  $('query').onclick = function () { at.page = 1; load(); };
  $('refresh').onclick = load;
  $('export').onclick = function () {
    location.href = PHIS_CONTEXT + '/exportExcel.do?method=' + at.item.method + '&date=' + $('date').value + '&keyword=' + encodeURIComponent($('keyword').value) + '&visitNo=' + $('visitNo').value;
  };
  $('logout').onclick = function () { call('phis.logonService', 'logout', {}, function () { location.href = PHIS_CONTEXT + '/'; }); };
  call('phis.logonService', 'currentUser', {}, function (r) { $('user').textContent = r.body.userName + ' [' + r.body.userId + ']'; });
  modules();
}());
