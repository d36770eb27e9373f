//! The frame of all pages, and what they share.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Lis, Visit};
use crate::decoys::http::aspnet::{aspx, escaped};
use crate::decoys::http::engine::Reply;
use crate::world::{LabOrder, Patient, Sex, View};

/// Rows of a page.
pub(super) const ROWS: usize = 20;

/// The style sheet.
pub(super) const STYLE: &str = "body{margin:0;font:13px '微软雅黑',SimSun,sans-serif;background:#f0f5f4}.top{background:#1c7466;color:#fff;padding:8px 16px;font-size:17px}.top span{float:right;font-size:12px;line-height:24px}.top a{color:#fff}.nav{background:#2a9080;padding:0 10px}.nav a{display:inline-block;color:#fff;padding:7px 12px;text-decoration:none}.nav a.on{background:#125347}.box{width:330px;margin:120px auto;background:#fff;border:1px solid #a9cbc4;padding:24px}.box p{margin:10px 0}.err{color:#c00}.find{margin:8px;padding:8px;background:#fff;border:1px solid #c7dcd8}table.grid{border-collapse:collapse;width:98%;margin:8px auto;background:#fff}.grid th,.grid td{border:1px solid #c7dcd8;padding:3px 6px;white-space:nowrap}.grid th{background:#d8ebe7}.hi{color:#c00;font-weight:bold}.lo{color:#06c;font-weight:bold}.pager{text-align:right;margin:4px 16px}.card{margin:8px;padding:8px 12px;background:#fff;border:1px solid #c7dcd8}.tile{display:inline-block;width:150px;margin:8px;padding:12px;background:#fff;border:1px solid #c7dcd8;text-align:center}.tile b{display:block;font-size:24px;color:#1c7466}.sheet{width:720px;margin:12px auto;background:#fff;padding:24px;border:1px solid #999}.sheet h2{text-align:center;margin:4px}.foot{text-align:center;color:#888;font-size:12px;padding:12px}";

/// Pages of the menu: path and name.
const MENU: [(&str, &str); 8] = [
    ("/Main.aspx", "首页"),
    ("/Specimen/Receive.aspx", "标本接收"),
    ("/Analysis/Worklist.aspx", "检验工作单"),
    ("/Specimen/Query.aspx", "综合查询"),
    ("/Critical/List.aspx", "危急值管理"),
    ("/QC/Chart.aspx", "质量控制"),
    ("/QC/Calibration.aspx", "仪器与校准"),
    ("/Stat/Workload.aspx", "统计报表"),
];

fn document(app: &Lis, body: &str) -> Reply {
    let behaviour = &app.behaviour;
    aspx(200).with_body(format!(
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\r\n<html xmlns=\"http://www.w3.org/1999/xhtml\">\r\n<head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\" /><title>\r\n\t{title}\r\n</title><link href=\"/Css/lis.css\" rel=\"stylesheet\" type=\"text/css\" /></head>\r\n<body>\r\n{body}\r\n<div class=\"foot\">{vendor}　{short} {version}</div>\r\n</body>\r\n</html>\r\n",
        title = escaped(&behaviour.title),
        vendor = escaped(&behaviour.vendor),
        short = escaped(&behaviour.short),
        version = escaped(&behaviour.version)
    ))
}

fn state(app: &Lis) -> String {
    format!(
        "<div class=\"aspNetHidden\"><input type=\"hidden\" name=\"__VIEWSTATE\" id=\"__VIEWSTATE\" value=\"{}\" /></div>",
        app.view_state
    )
}

/// The login page, with what was typed and a message.
pub(super) fn login(app: &Lis, name: &str, message: &str) -> Reply {
    let name: String = name.chars().take(64).collect();
    let body = format!(
        "<form method=\"post\" action=\"./Login.aspx\" id=\"form1\">\r\n{state}\r\n<div class=\"top\">{hospital} {title}</div>\r\n<div class=\"box\"><p>工　号：<input name=\"txtUser\" type=\"text\" id=\"txtUser\" value=\"{name}\" maxlength=\"32\" /></p><p>密　码：<input name=\"txtPwd\" type=\"password\" id=\"txtPwd\" maxlength=\"64\" /></p><p class=\"err\"><span id=\"lblMsg\">{message}</span></p><p><input type=\"submit\" name=\"btnLogin\" value=\"登 录\" id=\"btnLogin\" /></p></div>\r\n</form>",
        state = state(app),
        hospital = escaped(&app.hospital),
        title = escaped(&app.behaviour.title),
        name = escaped(&name),
    );
    document(app, &body)
}

/// A page inside, around its content.
pub(super) fn page(visit: &Visit<'_>, active: &str, body: &str) -> Reply {
    let menu: String = MENU
        .iter()
        .map(|(path, name)| {
            let on = if *path == active { " class=\"on\"" } else { "" };
            format!("<a href=\"{path}\"{on}>{name}</a>")
        })
        .collect();
    let (app, clock) = (visit.app, visit.view.local(visit.view.now()));
    let body = format!(
        "<div class=\"top\">{title}<span>{hospital}　{user}　{clock}　<a href=\"/Logout.aspx\">退出</a></span></div>\r\n<div class=\"nav\">{menu}</div>\r\n{body}",
        title = escaped(&app.behaviour.title),
        hospital = escaped(&app.hospital),
        user = escaped(&visit.user.full_name),
        clock = clock.strftime("%Y-%m-%d %H:%M"),
    );
    document(app, &body)
}

/// A form of ASP.NET around fields.
pub(super) fn form(visit: &Visit<'_>, action: &str, fields: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{}\" id=\"form1\">\r\n{}\r\n{fields}\r\n</form>",
        escaped(action),
        state(visit.app)
    )
}

/// A table.
pub(super) fn grid(heads: &[&str], rows: &[Vec<String>]) -> String {
    let head: String = heads.iter().map(|head| format!("<th>{head}</th>")).collect();
    let line = |row: &Vec<String>| {
        let cells: String = row.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!("<tr>{cells}</tr>\r\n")
    };
    let lines: String = rows.iter().map(line).collect();
    let none =
        if rows.is_empty() { "<tr><td colspan=\"30\">没有符合条件的记录</td></tr>\r\n" } else { "" };
    format!(
        "<table class=\"grid\" cellspacing=\"0\" id=\"GridView1\">\r\n<tr>{head}</tr>\r\n{lines}{none}</table>"
    )
}

/// The rows of the page asked for, and the pager below them. `link` lacks the page's number.
pub(super) fn paged<T>(visit: &Visit<'_>, rows: Vec<T>, link: &str) -> (Vec<T>, String) {
    let total = rows.len();
    let pages = total.div_ceil(ROWS).max(1);
    let page = visit.query.text("page").parse::<usize>().unwrap_or(1).clamp(1, pages);
    let shown = rows.into_iter().skip((page - 1) * ROWS).take(ROWS).collect();
    let to = |n: usize, name: &str| format!("<a href=\"{}&amp;page={n}\">{name}</a> ", escaped(link));
    let before = if page > 1 { to(1, "首页") + &to(page - 1, "上一页") } else { String::new() };
    let after = if page < pages { to(page + 1, "下一页") + &to(pages, "末页") } else { String::new() };
    (shown, format!("<div class=\"pager\">共 {total} 条　第 {page}/{pages} 页　{before}{after}</div>"))
}

/// The patient of an order.
pub(super) fn patient_of(visit: &Visit<'_>, order: &LabOrder) -> Option<Patient> {
    Some(visit.ask.session.with_written_patient(visit.view.patient(order.patient)?))
}

/// Name, sex, age and department of an order's patient, as cells.
pub(super) fn patient_cells(visit: &Visit<'_>, order: &LabOrder) -> [String; 4] {
    let view = &visit.view;
    let Some(patient) = patient_of(visit, order) else { return Default::default() };
    let asked = view.order(&order.order);
    let department = asked.and_then(|asked| view.department(&asked.department)).map(|d| d.name);
    let today = view.local(view.now()).date();
    [
        escaped(&patient.name.chinese()),
        sex(patient.sex).to_owned(),
        age(patient.born, today),
        escaped(&department.unwrap_or_default()),
    ]
}

/// `男` or `女`.
pub(super) fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::M => "男",
        Sex::F => "女",
    }
}

/// Age as laboratories print it.
pub(super) fn age(born: Date, today: Date) -> String {
    crate::decoys::http::portal::age(born, today)
}

/// Name of a member of staff; the number where it is unknown.
pub(super) fn staff(view: &View, number: &str) -> String {
    view.staff_member(number).map_or_else(|| escaped(number), |staff| staff.name.chinese())
}

/// A time as tables show it; empty when it has not come.
pub(super) fn time(view: &View, at: Option<Timestamp>) -> String {
    at.map(|at| view.local(at).strftime("%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// A time in full.
pub(super) fn long_time(view: &View, at: Option<Timestamp>) -> String {
    at.map(|at| view.local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}

/// What is done with a specimen.
pub(super) fn stage(order: &LabOrder) -> &'static str {
    match (order.collected, order.analysed, order.verified) {
        (_, _, Some(_)) => "已审核",
        (_, Some(_), None) => "待审核",
        (Some(_), None, None) => "检验中",
        (None, None, None) => "未采集",
    }
}
