"""What the columns of shared/exports/a are that a mapping needs: (file, sheet) → kind, {header: meanings that are right}."""

ATTENDANCE = (
    "attendance",
    {"姓名": {"student_name"}, "学号": {"student"}, "部门": {"class"}, "课程名称": {"course"}, "上课日期": {"day"},
     "节次": {"sections"}, "任课教师": {"teacher"}, "考勤结果": {"attendance_status"}, "迟到/早退时长": {"minutes_late"}},
)  # fmt: skip
RAIN = (
    "test",
    {
        "学号": {"student"},
        "班级": {"class"},
        "姓名": {"student_name"},
        "得分(总:20分)": {"score"},
        "得分(总:100分)": {"score"},
    },
)
TRUTH = {
    ("学生考勤异常明细_20260831-20261127.xlsx", "异常明细"): ATTENDANCE,
    ("学生考勤异常明细_20260831-20261127_更正.xlsx", "异常明细"): ATTENDANCE,
    ("学生考勤异常明细_20260831-20261127.xlsx", "点名记录"): (
        "rollcall",
        {"日期": {"day"}, "节次": {"sections"}, "班级": {"class"}, "课程": {"course"}, "任课教师": {"teacher"}, "教室": {"room"},
         "点名状态": {"rollcall_status"}, "提交时间": {"submitted"}},
    ),
    ("护理系课堂签到_全员_20261109-20261127.csv", ""): (
        "attendance",
        {"日期": {"day"}, "节次": {"sections"}, "课程": {"course"}, "班级": {"class"}, "学号": {"student"}, "姓名": {"student_name"},
         "签到状态": {"attendance_status"}, "请假类型": {"leave_category"}, "签到时间": {"submitted"}, "迟到分钟": {"minutes_late"},
         "教师": {"teacher"}},
    ),
    ("请假审批_20260831-20261127.xlsx", ""): (
        "leave",
        {"审批编号": {"leave"}, "审批状态": {"leave_status"}, "审批结果": {"leave_result"}, "发起时间": {"requested"},
         "完成时间": {"decided"}, "发起人姓名": {"student_name"}, "发起人部门": {"class"}, "请假类型": {"leave_category"},
         "开始时间": {"begins"}, "结束时间": {"ends"}, "请假事由": {"reason"}},
    ),
    ("学习通_随堂检测成绩.xlsx", "检测成绩"): (
        "test",
        {"课程名称": {"course"}, "班级": {"class"}, "学号": {"student"}, "姓名": {"student_name"}, "检测名称": {"test_name"},
         "检测日期": {"day"}, "节次": {"sections"}, "满分": {"max_score"}, "合格线": {"pass_score"}, "成绩": {"score"}},
    ),
    ("雨课堂_课堂检测汇总_数据表.xlsx", "高等数学-软件2601"): RAIN,
    ("雨课堂_课堂检测汇总_数据表.xlsx", "基础会计-会计2602"): RAIN,
    ("月度评学表.xlsx", ""): (
        "assessment",
        {"系部": {"department"}, "班级": {"class"}, "课程": {"course"}, "任课教师": {"teacher"}, "学号": {"student"},
         "姓名": {"student_name"}, "9月": {"overall"}},
    ),
    ("报修服务台账.csv", ""): (
        "ticket",
        {"工单号": {"ticket"}, "类别": {"ticket_category"}, "地点": {"location"}, "责任部门": {"department"}, "紧急程度": {"priority"},
         "报修时间": {"reported"}, "受理时间": {"accepted"}, "完成时间": {"resolved"}, "状态": {"ticket_status"}, "评分": {"rating"},
         "评价内容": {"rating_comment"}},
    ),
    ("学生名单.xlsx", "学生信息"): (
        "students",
        {"学号": {"student"}, "姓名": {"student_name"}, "系部": {"department"}, "专业": {"major"}, "年级": {"cohort"}, "行政班": {"class"},
         "入学日期": {"enrolled"}, "异动类别": {"change"}, "异动日期": {"change_day"}, "异动前班级": {"class_before"}},
    ),
    ("教职工信息.csv", ""): (
        "people",
        {"工号": {"person"}, "姓名": {"person_name"}, "所属部门": {"department"}, "所属教研室": {"teaching_office"}, "职务": {"post"},
         "离校日期": {"left"}, "电子邮箱": {"email"}},
    ),
    ("班级信息.xls", ""): (
        "classes",
        {"系部": {"department"}, "专业代码": {"major_id"}, "专业名称": {"major"}, "年级": {"cohort"}, "班级代码": {"class_id"},
         "班级名称": {"class"}, "班级简称": {"class_alias"}, "班主任": {"tutor"}, "班主任工号": {"tutor_id"}, "辅导员": {"counsellor"},
         "辅导员工号": {"counsellor_id"}, "班级导师": {"mentor"}, "导师工号": {"mentor_id"}},
    ),
    ("教学任务.xlsx", ""): (
        "courses",
        {"课程代码": {"course_id"}, "课程名称": {"course"}, "总学时": {"planned_hours"}, "开课系部": {"department"},
         "开课教研室": {"teaching_office"}, "起止周": {"weeks"}, "教师工号": {"teacher_id"}, "教师姓名": {"teacher", "person_name"},
         "教学班组成": {"class"}},
    ),
}  # fmt: skip
NEVER_CERTAIN = {
    "备注", "说明", "登记方式", "课程性质", "学分", "选课课号", "周学时", "考核方式", "报修人", "身份", "受理人", "内容描述", "用时",
    "标题", "时长(天)", "职称", "人员状态", "学院",
}  # fmt: skip
"""What is called one of the meanings for certain is wrong: they are none of them, or matter to nobody."""
