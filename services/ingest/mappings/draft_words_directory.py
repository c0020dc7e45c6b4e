"""What columns about people, classes and courses are called."""

from __future__ import annotations

from collections.abc import Mapping

from services.ingest.mappings.draft_meaning import Meaning

OF_DIRECTORY: Mapping[str, Meaning] = {
    "serial": Meaning("serial", "", "序号 ?编号 no no. # index"),
    "student": Meaning(
        "id",
        "students",
        "学号 学生学号 学籍学号 ?学籍号 学生编号 学生证号 学号/工号 studentid studentno student_id student_no "
        "?账号 学工号 学生学工号 studentnumber student_number studentidno",
    ),
    "student_name": Meaning(
        "name",
        "student_names",
        "学生姓名 发起人姓名 申请人姓名 请假人 学生 studentname ?申请人 ?姓名 ?name 学员姓名 "
        "学生名称 name_of_student student",
    ),
    "person": Meaning(
        "id",
        "people",
        "工号 职工号 教工号 职工编号 员工号 员工编号 staffid staff_id employeeid 教职工号 教师号 "
        "人事编号 teacherno staffno employeeno employee_no",
    ),
    "person_name": Meaning(
        "name",
        "person_names",
        "教师姓名 职工姓名 教职工姓名 staffname ?姓名 ?name 教职工 姓名/工号 ?teachername",
    ),
    "class": Meaning(
        "class",
        "classes",
        "班级 行政班 行政班级 班级名称 所在班级 班别 教学班组成 上课班级 授课班级 class classname "
        "?部门 ?发起人部门 ?教学班 ?教学班名称 行政班名称 行政班级名称 上课班级名称 "
        "所在行政班 所属行政班 班级名 班级全称 合班 "
        "授课对象 上课对象 homeroom section_name ?专业班级 专业班级",
    ),
    "class_id": Meaning(
        "id",
        "class_ids",
        "班级代码 班级编号 班号 班级编码 classid class_id classcode 班级号 行政班代码 行政班号 班级id classno class_no",
    ),
    "class_alias": Meaning("class", "classes", "班级简称 简称"),
    "class_before": Meaning(
        "class",
        "classes",
        "异动前班级 原班级 转出班级 异动前行政班 原行政班 oldclass",
    ),
    "course": Meaning(
        "course",
        "courses",
        "课程 课程名称 课程名 科目 科目名称 course coursename course_name subject 课程名称(中文) "
        "课名 所属课程 所修课程 coursetitle course_title",
    ),
    "course_id": Meaning(
        "code",
        "course_ids",
        "课程代码 课程号 课程编号 课程编码 coursecode courseid course_id 课程id 课程编号/代码 courseno course_no",
    ),
    "teacher": Meaning(
        "names",
        "person_names",
        "任课教师 教师 授课教师 上课教师 主讲教师 任课老师 老师 teacher instructor ?教师姓名 "
        "授课老师 主讲老师 主讲人 讲师 授课人 任课老师姓名 teachers",
    ),
    "author": Meaning(
        "name",
        "person_names",
        "填表人 填表人姓名 填报人 填报人姓名 "
        "填表教师 填报教师 填写人 填写教师 评价人 评价教师 评学教师 评定人 提交者 提交人 "
        "答题人 submittedby author assessor assessedby",
    ),
    "teacher_id": Meaning(
        "ids",
        "people",
        "教师工号 任课教师工号 教师编号 教师职工号 teacherid teacher_id 授课教师工号 任课教师号 教师号 teacherno",
    ),
    "department": Meaning(
        "unit",
        "departments",
        "系部 院系 所属部门 部门 所在部门 单位 所属单位 二级学院 开课系部 开课学院 责任部门 "
        "处理部门 转办部门 "
        "承办部门 承办单位 二级单位 ?承担单位 ?开课单位 department ?学院 ?系 单位名称 所属院系 院系名称 "
        "学院名称 所属学院 院(系)/部 院(部) 系(部) 院(系) 所属院(系)/部 所属院(系) 所属院(部) 所属系(部) 开课院(系)/部 "
        "院系部 院部 所属院部 上课院系 所在学院 所在单位 部门名称 报修部门 申报部门 报修单位 faculty school dept",
    ),
    "teaching_office": Meaning(
        "office",
        "teaching_offices",
        "教研室 所属教研室 开课教研室 系室 所在教研室 教研室名称 承担教研室 ?承担单位 ?开课单位 office",
    ),
    "major": Meaning(
        "",
        "majors",
        "专业 专业名称 专业方向 专业(方向) major 所属专业 所学专业 programme program",
    ),
    "major_id": Meaning("code", "major_ids", "专业代码 专业号 专业编号"),
    "cohort": Meaning(
        "cohort",
        "",
        "年级 级 入学年份 所在年级 cohort grade 现在年级 当前所在级 入学年级 所在级 enrolmentyear",
    ),
    "post": Meaning(
        "",
        "",
        "职务 行政职务 岗位 党政职务 担任职务 所任职务 现任职务 职务名称 position title",
    ),
    "joined": Meaning(
        "day",
        "",
        "来校日期 入职日期 到校日期 入校日期 来校时间 hiredate",
    ),
    "left": Meaning(
        "day",
        "",
        "离校日期 离职日期 退休日期 离校时间 离职时间 退休时间 leavedate",
    ),
    "email": Meaning(
        "email",
        "",
        "电子邮箱 邮箱 电子邮件 e-mail email 办公邮箱 邮箱地址 mail emailaddress",
    ),
    "phone": Meaning("phone", "", "手机 手机号 手机号码 联系电话 电话 phone"),
    "gender": Meaning("gender", "", "性别 gender sex"),
    "enrolled": Meaning(
        "day",
        "",
        "入学日期 入学时间 入校时间 报到日期 注册日期 入学年月 enrolmentdate enrollmentdate admissiondate",
    ),
    "student_status": Meaning(
        "",
        "",
        "学籍状态 在籍情况 学籍情况 在校状态 现在状态 当前状态 学生状态 在籍状态",
    ),
    "staff_status": Meaning("", "", "人员状态 在职状态 在岗状态 教职工状态 职工状态 在职情况 任职状态"),
    "change": Meaning(
        "",
        "",
        "异动类别 异动类型 学籍异动 异动种类 变动类型 changetype",
    ),
    "change_day": Meaning(
        "day",
        "",
        "异动日期 异动时间 学籍异动日期 异动起始日期 状态日期 "
        "状态时间 变更日期 生效日期 ?批准日期 变动日期 effectivedate",
    ),
    "tutor": Meaning(
        "name",
        "person_names",
        "班主任 班主任姓名 班主任老师 headteacher homeroomteacher",
    ),
    "tutor_id": Meaning("id", "people", "班主任工号 班主任编号"),
    "counsellor": Meaning(
        "name",
        "person_names",
        "辅导员 辅导员姓名 专职辅导员 counselor",
    ),
    "counsellor_id": Meaning("id", "people", "辅导员工号 辅导员编号"),
    "mentor": Meaning(
        "name",
        "person_names",
        "班级导师 导师 导师姓名 学业导师 学业导师姓名",
    ),
    "mentor_id": Meaning("id", "people", "导师工号 班级导师工号 导师编号"),
    "planned_hours": Meaning(
        "number",
        "",
        "总学时 课时 学时 计划学时 hours 计划课时 总课时 学时数 totalhours",
    ),
    "class_after": Meaning("class", "classes", "异动后班级 现班级 新班级 转入班级 现行政班 newclass"),
    "size": Meaning(
        "number",
        "",
        "人数 班级人数 学生人数 size 应到人数 实到人数 在籍人数",
    ),
    "remark": Meaning(
        "",
        "",
        "备注 备注信息 附注 附加信息 其他信息 remark remarks note 说明 备注说明 comment comments",
    ),
}
"""`…_ids` and `…_names` are the ids and the names of a table apart."""
