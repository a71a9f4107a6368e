"""Invented columns of other countries, scripts and headings: which identify people, and which are harmless."""

from __future__ import annotations

from typing import Final

_LONG: Final = (
    "On arrival the officer spoke with the tenant, who said that the neighbour {} had shouted from the stairs and left",
    "The driver, later named as {}, was told to wait beside the car; she says that nobody explained to her why she was",
)

IDENTIFYING: Final[dict[str, tuple[str, list[str]]]] = {
    what: (kind, texts.split("|"))
    for what, kind, texts in (
        ("Vietnamese", "name", "Nguyễn Văn An|Trần Thị Bích|Lê Minh Hoàng|Phạm Thu Hà|Hoàng Văn Nam|Vũ Thị Lan"),
        ("Turkish", "name", "Mehmet Yılmaz|Ayşe Demir|Fatma Kaya|Mustafa Çelik|Emine Şahin|Ahmet Öztürk|Zeynep Aydın"),
        ("Polish", "name", "Anna Kowalska|Piotr Nowak|Krzysztof Wiśniewski|Małgorzata Wójcik|Jan Kamiński"),
        ("Greek", "name", "Γιώργος Παπαδόπουλος|Μαρία Παππά|Δημήτρης Γεωργίου|Ελένη Οικονόμου|Κώστας Νικολάου"),
        ("Hebrew", "name", "דוד כהן|משה לוי|יוסף מזרחי|רחל פרץ|שרה ביטון|אברהם דהן"),
        ("Hindi", "name", "राजेश शर्मा|सुनीता वर्मा|अमित सिंह|पूजा गुप्ता|विजय कुमार|अनिल यादव"),
        ("Thai", "name", "สมชาย ใจดี|สมหญิง รักไทย|ประเสริฐ ศรีสุข|วิชัย ทองดี|มาลี แสงทอง|สุดา พรหมมา"),
        ("Korean", "name", "김민준|이서연|박지훈|최수빈|정하은|강도윤"),
        ("Japanese", "name", "佐藤 健|鈴木 花子|高橋 誠|田中 美咲|伊藤 翔太|渡辺 結衣"),
        ("Ukrainian", "name", "Олександр Шевченко|Наталія Бондаренко|Іван Ткаченко|Оксана Коваленко|Андрій Мельник"),
        ("Russian, family first", "name", "Иванов Иван|Петрова Анна|Сидоров Пётр|Кузнецова Мария|Смирнов Алексей"),
        ("Arabic, three names", "name", "محمد علي حسن|فاطمة أحمد صالح|خالد عبدالله|مريم يوسف|عمر إبراهيم"),
        ("Portuguese", "name", "João da Silva|Maria dos Santos|Pedro Oliveira|Ana Pereira|Luís Ferreira|Inês Costa"),
        ("Hungarian, family first", "name", "Nagy István|Kovács Mária|Szabó László|Tóth Anna|Horváth Péter"),
        ("Swedish", "name", "Erik Johansson|Anna Andersson|Lars Karlsson|Karin Nilsson|Åsa Lindström|Björn Svensson"),
        ("Dutch", "name", "Jan de Vries|Pieter van den Berg|Anneke Bakker|Willem Visser|Sanne Smit|Daan Meijer"),
        ("Irish", "name", "Seán Ó Briain|Aoife Murphy|Padraig O'Sullivan|Niamh Kelly|Ciarán Walsh|Orla Byrne"),
        ("Czech", "name", "Jan Novák|Marie Svobodová|Petr Dvořák|Jana Černá|Tomáš Procházka|Eva Kučerová"),
        ("Armenian diaspora", "name", "Armen Petrosyan|Ani Hakobyan|Tigran Sargsyan|Lilit Grigoryan|Karen Harutyunyan"),
        ("Indian in Latin", "name", "Rajesh Kumar|Priya Sharma|Amit Patel|Sunita Singh|Vikram Reddy|Anjali Gupta"),
        ("Chinese in Latin", "name", "Wang Wei|Li Na|Zhang Min|Liu Yang|Chen Jie|Yang Fan|Huang Lei|Zhao Jun"),
        ("French with rank", "name", "Dr Jean Dupont|Mme Marie Martin|Dr Luc Bernard|Dr Anne Petit|Dr Paul Robert"),
        ("initials behind", "name", "KOWALSKI P|NOWAK A B|SMITH J|GARCIA M L|JOHNSON R|BROWN T"),
        ("initials before", "name", "J. Smith|A. B. Jones|M. Garcia|R. Brown|T. Wilson|S. Davis"),
        ("last, first middle", "name", "SMITH, JOHN A|GARCIA LOPEZ, MARIA|O'NEIL, SEAN P|LEE, AMY|BROWN, T."),
        ("suffixes", "name", "John Smith Jr.|Robert Brown III|James Davis Sr|William Jones, II|Henry Moore IV"),
        ("rank and badge", "name", "SGT Maria Lopez #221|P/O John Smith #8841|DET Ann Lee #17|LT Robert Hall #3"),
        ("several in a cell", "name", "John Smith; Ann Lee|Maria Lopez; Tom Hall|James Fox|Robert Young; Eva Stone"),
        ("surnames", "name", "MARTINEZ|THOMPSON|ROBINSON|RODRIGUEZ|LEWIS|WALKER|HERNANDEZ|WRIGHT|LOPEZ|NELSON"),
        ("given names", "name", "Jennifer|Michael|Christopher|Amanda|Joshua|Ashley|Matthew|Sarah|Andrew|Brian"),
        ("German addresses", "address", "12 Haupt Straße 3|4 Linden Straße 9|77 Berg Strasse 1|8 Ring Straße 2"),
        ("Spanish addresses", "address", "12 Calle Mayor|440 Avenida Juárez|7 Calle Luna 3|18 Avenida Central"),
        ("US addresses", "address", "1200 N Main St Apt 4|45 Oak Ave|7801 Elm Blvd|16 W 42nd Street|9 Pine Ct"),
        ("mail", "contact", "a.b@example.org|cc.d@example.com|e_f@example.net|gh@mail.example.org"),
        ("US phones", "contact", "(312) 555-0100|312-555-0111|312.555.0122|312 555 0133 x12"),
        ("foreign phones", "contact", "+44 20 7946 0123|+49 30 901820|+33 1 70 18 99 00|+34 910 505 505"),
        ("births day first", "birth_date", "03.05.1961|17.11.1974|22.01.1988|09.09.1955|30.06.1990|11.12.1979"),
        ("births, timed", "birth_date", "1961-05-03 0:00|1974-11-17 0:00|1988-01-22 0:00|1955-09-09 0:00|1990-06-30"),
        ("births in words", "birth_date", "3 May 1961|17 Nov 1974|22 Jan 1988|9 Sep 1955|30 Jun 1990|11 Dec 1979"),
        ("births, two-digit months", "birth_date", "5-3-1961|11-17-1974|1-22-1988|9-9-1955|6-30-1990|12-11-1979"),
        ("births compact", "birth_date", "19610503|19741117|19880122|19550909|19900630|19791211"),
        ("social security", "number", "123-45-6789|219-09-9999|457-55-5462|321-54-9876|078-05-1120|111-22-3333"),
        ("Brazilian CPF", "number", "111.444.777-35|529.982.247-25|935.411.347-80|168.995.350-09|153.509.460-56"),
        ("Spanish DNI", "number", "12345678Z|87654321X|11223344B|55667788Z|99887766M|44332211F"),
        ("Indian PAN", "number", "ABCPE1234F|BCDPK5678L|CDEPM9012N|DEFPR3456Q|EFGPS7890T|FGHPT2345V"),
        ("tax numbers", "number", "934512|948831|951207|926618|939904|947761|955512|918833"),
    )
}  # fmt: skip
IDENTIFYING["employee numbers that repeat"] = ("number", [str(926_400 + 37 * (7 * k % 90)) for k in range(300)])
IDENTIFYING["narratives"] = (
    "free_text",
    [_LONG[k % 2].format(name) for k, name in enumerate(IDENTIFYING["Polish"][1] + IDENTIFYING["Dutch"][1])],
)
IDENTIFYING["short narratives"] = (
    "free_text",
    [
        f"{who} {did} at {where}"
        for who, did, where in zip(
            ("He", "She", "The officer", "My brother", "A man", "They", "The driver", "My son"),
            ("was pushed", "was searched", "shouted", "was held", "was hit", "laughed", "was stopped", "was cuffed"),
            ("his door", "the park", "us in the car", "the wall", "the station", "her", "noon", "the shop"),
            strict=True,
        )
    ],
)

HARMLESS: Final[dict[str, list[str]]] = {
    what: texts.split("|")
    for what, texts in (
        ("German findings", "Begründet|Unbegründet|Eingestellt|Offen|Verworfen|Nicht erweislich"),
        ("Spanish findings", "Fundada|Infundada|Archivada|Pendiente|Desistida|Improcedente"),
        ("French units", "Brigade mobile|Police secours|Brigade de nuit|Unité cycliste|Poste de police"),
        ("Spanish districts", "Centro|Norte|Sur|Oriente|Poniente|Zona Rural"),
        ("cities", "Springfield|Riverside|Franklin|Greenville|Bristol|Clinton|Fairview|Salem|Madison|Georgetown"),
        ("allegations", "Excessive Force|Unlawful Search|Rude Language|False Arrest|Neglect of Duty|Theft"),
        ("races", "White|Black|Hispanic|Asian|Native American|Unknown|Pacific Islander|Two or more"),
        ("ranks", "Police Officer|Sergeant|Lieutenant|Captain|Detective|Commander|Deputy Chief|Corporal"),
        ("statuses", "Open|Closed|Pending Review|In Progress|On Hold|Referred|Awaiting Hearing|Reopened"),
        ("penalties", "Written Reprimand|Suspension|Oral Counseling|Dismissal|Retraining|No Penalty|Demotion"),
        ("Russian findings", "Подтверждено|Не подтверждено|Отклонено|На рассмотрении|Прекращено"),
        ("Chinese findings", "属实|不属实|待查|撤回|证据不足|已结案"),
        ("Japanese kinds", "暴行|不適切な言動|違法捜索|職務怠慢|その他|不明"),
        ("case numbers", "IA-2019-0001|IA-2019-0002|IA-2020-0117|IA-2020-0204|IA-2021-0333|IA-2021-0400"),
        ("beats", "0112|0113|0231|1011|1012|2233|0414|0511"),
        ("amounts", "1200.50|330.00|45.10|9800.00|12.00|700.25"),
        ("days", "12|48|190|7|365|30|88|210"),
        ("days of receipt", "2015-03-04|2016-11-23|2017-05-30|2018-01-17|2019-08-08|2020-12-01"),
        ("hours", "08:30|23:15|14:00|02:45|11:59|17:20"),
        ("weekdays", "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"),
        ("months", "January|February|March|April|May|June|July|August|September|October|November|December"),
        ("sections of law", "Sec. 5/2-101|Art. 17 (3)|§ 240 StGB|Rule 14|G.O. 03-02|Sec. 8.1"),
        ("sources", "Citizen|Internal|Anonymous|Referral|Telephone|Walk-in|Letter|Online"),
        ("weapons", "Baton|Taser|Firearm|Hands|Pepper Spray|Canine|Vehicle|None"),
        ("colours", "White|Brown|Black|Green|Gray|Blue|Hazel|Red"),
        ("yes and no", "Y|N|U|y|n|Yes|No"),
        ("precincts", "1st Precinct|2nd Precinct|North Station|South Station|Airport Division|Harbor Unit"),
        ("parks", "Lincoln Park|Grant Park|Hyde Park|Garfield Park|Douglas Park|Jackson Park"),
        ("genders", "Male|Female|Nonbinary|Unknown|M|F|X"),
        ("policies", "Body-worn camera|Use of force reporting|Vehicle pursuit|Evidence handling|Off-duty work"),
    )
}
