'use strict';

(function () {
  var LIMIT = 100;
  var byId = function (id) { return document.getElementById(id); };

  function call(path, body) {
    var options = body === undefined ? {} : { method: 'POST', body: body };
    return fetch('../' + path, options).then(function (answer) {
      if (!answer.ok) { throw new Error(answer.status + ' ' + answer.statusText); }
      return answer.json();
    });
  }

  function item(text, href, below) {
    var li = document.createElement('li');
    var a = document.createElement('a');
    a.href = href;
    a.textContent = text;
    li.appendChild(a);
    var small = document.createElement('small');
    small.textContent = below || '';
    li.appendChild(small);
    byId('result').appendChild(li);
  }

  function describe(tags) {
    var dl = document.createElement('dl');
    Object.keys(tags).forEach(function (name) {
      var dt = document.createElement('dt');
      var dd = document.createElement('dd');
      dt.textContent = name;
      dd.textContent = tags[name];
      dl.appendChild(dt);
      dl.appendChild(dd);
    });
    byId('info').appendChild(dl);
  }

  function warn(text) {
    byId('warning').textContent = text;
    byId('warning').hidden = false;
  }

  function begin(title) {
    byId('page-title').textContent = title;
    ['lookup-form', 'upload-form', 'warning'].forEach(function (id) { byId(id).hidden = true; });
    byId('info').textContent = '';
    byId('result').textContent = '';
  }

  function study(one) {
    var tags = one.MainDicomTags;
    var patient = one.PatientMainDicomTags || {};
    var title = (patient.PatientName ? patient.PatientName + ' - ' : '') + (tags.StudyDescription || '');
    item(title, '#study?uuid=' + one.ID, tags.AccessionNumber + ' - ' + tags.StudyDate);
  }

  function patient(one) {
    var tags = one.MainDicomTags;
    item(tags.PatientName, '#patient?uuid=' + one.ID, tags.PatientID + ' - ' + tags.PatientBirthDate);
  }

  function find(level, query, show) {
    var body = { Level: level, Expand: true, Limit: LIMIT + 1, Query: query };
    return call('tools/find', JSON.stringify(body)).then(function (all) {
      if (all.length > LIMIT) {
        warn('Warning: This is a large Orthanc server. Showing only ' + LIMIT + ' results.');
      }
      all.slice(0, LIMIT).forEach(show);
    });
  }

  var pages = {
    'lookup': function () {
      begin('Lookup studies');
      byId('lookup-form').hidden = false;
    },
    'find-patients': function () {
      begin('All patients');
      return find('Patient', {}, patient);
    },
    'find-studies': function () {
      begin('All studies');
      return find('Study', {}, study);
    },
    'patient': function (id) {
      begin('Patient');
      return call('patients/' + id).then(function (one) {
        describe(one.MainDicomTags);
        return call('patients/' + id + '/studies');
      }).then(function (all) { all.forEach(study); });
    },
    'study': function (id) {
      begin('Study');
      return call('studies/' + id).then(function (one) {
        describe(one.PatientMainDicomTags);
        describe(one.MainDicomTags);
        item('Download ZIP', '../studies/' + id + '/archive');
        return call('studies/' + id + '/series');
      }).then(function (all) {
        all.forEach(function (one) {
          var tags = one.MainDicomTags;
          item(tags.SeriesDescription || tags.Modality, '#series?uuid=' + one.ID,
            tags.Modality + ' - ' + one.Instances.length + ' instances');
        });
      });
    },
    'series': function (id) {
      begin('Series');
      return call('series/' + id).then(function (one) {
        describe(one.MainDicomTags);
        one.Instances.forEach(function (instance, at) {
          item('Instance ' + (at + 1), '#instance?uuid=' + instance);
        });
      });
    },
    'instance': function (id) {
      begin('Instance');
      var picture = document.createElement('img');
      picture.src = '../instances/' + id + '/preview';
      byId('info').appendChild(picture);
      item('Download the DICOM file', '../instances/' + id + '/file');
      return call('instances/' + id + '/simplified-tags').then(function (tags) {
        Object.keys(tags).forEach(function (name) {
          if (typeof tags[name] !== 'string') { delete tags[name]; }
        });
        describe(tags);
      });
    },
    'modalities': function () {
      begin('DICOM Query/Retrieve');
      return call('modalities?expand').then(function (all) {
        Object.keys(all).forEach(function (name) {
          item(name, '#modalities', all[name].AET + ' - ' + all[name].Host + ':' + all[name].Port);
        });
      });
    },
    'plugins': function () {
      begin('Plugins');
      return call('plugins').then(function (all) {
        all.forEach(function (name) { item(name, '../plugins/' + name); });
      });
    },
    'upload': function () {
      begin('Upload DICOM files');
      byId('upload-form').hidden = false;
    }
  };

  function show() {
    var parts = (location.hash || '#lookup').slice(1).split('?uuid=');
    var page = pages[parts[0]] || pages.lookup;
    Promise.resolve(page(parts[1])).catch(function (error) { warn(String(error)); });
  }

  byId('lookup-form').addEventListener('submit', function (event) {
    event.preventDefault();
    var value = function (id) { return byId(id).value.trim(); };
    var part = function (id) { var text = value(id); return text ? '*' + text + '*' : '*'; };
    var query = { PatientID: part('lookup-patient-id'), PatientName: part('lookup-patient-name') };
    if (value('lookup-accession-number')) { query.AccessionNumber = part('lookup-accession-number'); }
    if (value('lookup-study-description')) { query.StudyDescription = part('lookup-study-description'); }
    if (value('lookup-study-date')) { query.StudyDate = value('lookup-study-date').replace(/-/g, ''); }
    byId('result').textContent = '';
    find('Study', query, study).catch(function (error) { warn(String(error)); });
  });

  byId('upload-form').addEventListener('submit', function (event) {
    event.preventDefault();
    Array.prototype.forEach.call(byId('fileupload').files, function (file) {
      call('instances', file).then(function (answer) {
        item(file.name + ': ' + answer.Status, '#instance?uuid=' + answer.ID);
      }).catch(function (error) { warn(file.name + ': ' + error); });
    });
  });

  call('system').then(function (system) {
    byId('orthanc-name').textContent = system.Name ? system.Name + ' » ' : '';
  });
  window.addEventListener('hashchange', show);
  show();
}());
