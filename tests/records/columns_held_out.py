"""Invented columns, written before the rules were read: which identify people, and which are harmless."""

# ruff: noqa: E501

from __future__ import annotations

from typing import Final

_PERSONS: Final = """
Bulgarian, with patronymic: name: Георги Иванов Димитров|Мария Петрова Стоянова|Стоян Колев Тодоров|Елена Николова Ангелова|Петър Василев Христов|Десислава Илиева Маринова
Russian, surname and initials: name: Иванов А. С.|Петрова М. В.|Сидоров П. П.|Волкова Е. Н.|Морозов Д. А.|Козлова Т. И.
Serbian: name: Милош Јовановић|Јелена Петровић|Драган Николић|Милица Марковић|Зоран Ђорђевић|Ана Стојановић
Kazakh: name: Нұрсұлтан Әбішев|Айгүл Серікова|Ерлан Қасымов|Динара Ахметова|Бауыржан Омаров|Гүлнар Жұмабаева
Russian, capitals: name: КУЗНЕЦОВ СЕРГЕЙ ПЕТРОВИЧ|СОКОЛОВА АННА ИГОРЕВНА|ЛЕБЕДЕВ ОЛЕГ ЮРЬЕВИЧ|НОВИКОВА ИРИНА ЛЬВОВНА|ЗАЙЦЕВ ПАВЕЛ ИЛЬИЧ
Arabic with al and bin: name: عبد الرحمن بن سعيد القحطاني|نورة بنت فهد العتيبي|سلطان الحربي|هند الشمري|ماجد بن ناصر الدوسري|ريم الزهراني
Persian: name: حسین رضایی|زهرا محمدی|علی کریمی|مریم حسینی|رضا احمدی|فاطمه موسوی
Urdu: name: محمد عمران خان|عائشہ بی بی|بلال حسین شاہ|ثناء ملک|کاشف چوہدری|نادیہ بٹ
Chinese, traditional, three characters: name: 陳志明|林淑芬|黃俊傑|張雅婷|李建宏|王怡君|吳宗翰
Chinese, compound surnames: name: 欧阳文|司马光宇|上官婉|诸葛明|夏侯杰|皇甫丽
Chinese with comma in Latin: name: CHAN, Tai Man|WONG, Siu Ming|LEUNG, Ka Yan|CHEUNG, Wai Kit|LAU, Mei Ling|HO, Chi Keung
Korean with spaces: name: 남궁 민수|황보 영희|김 철수|이 영자|최 동욱|윤 미래
Korean in Latin: name: Kim Min-jun|Park Ji-hoon|Lee Seo-yeon|Choi Su-bin|Jung Ha-eun|Kang Do-yun|Yoon Chae-won
Japanese without spaces: name: 佐々木希|長谷川潤|小林麻央|山本太郎|中村俊輔|渡部陽子|清水健
Japanese, katakana: name: スミス・ジョン|タナカ・ハナコ|ヤマダ・タロウ|スズキ・イチロウ|サトウ・ケン|ワタナベ・ユイ
Greek, capitals, surname first: name: ΠΑΠΑΔΟΠΟΥΛΟΣ ΓΕΩΡΓΙΟΣ|ΝΙΚΟΛΑΪΔΟΥ ΕΛΕΝΗ|ΒΑΣΙΛΕΙΟΥ ΚΩΝΣΤΑΝΤΙΝΟΣ|ΑΝΤΩΝΙΟΥ ΜΑΡΙΑ|ΔΗΜΗΤΡΙΟΥ ΙΩΑΝΝΗΣ
Vietnamese without marks: name: Nguyen Van Hung|Tran Thi Hoa|Le Quoc Bao|Pham Minh Tuan|Vo Thi Mai|Dang Van Lam|Bui Thanh Son
Vietnamese, capitals, comma: name: NGUYỄN, QUỐC DŨNG|TRẦN, THỊ NGỌC|ĐỖ, ANH TUẤN|BÙI, XUÂN HƯƠNG|HỒ, ĐỨC THẮNG
Hungarian with né: name: Kovács Jánosné|Tóth-Varga Eszter|ifj. Szabó Gábor|Kiss Ádám|Molnár Zsófia|Farkas Attila|dr. Balogh Béla
Spanish, two surnames: name: María del Carmen García Fernández|José Luis Rodríguez Zapatero Ruiz|Ana Belén Martín de la Fuente|Juan Ignacio Ortega y Gómez|Lucía Ibáñez Peña
Portuguese, four names: name: Carlos Eduardo Souza Lima|Ana Beatriz Carvalho Rocha|Paulo Henrique Alves Neto|Fernanda Ribeiro Gomes Filho|Rita de Cássia Moura
Italian with particles: name: Dell'Acqua Giuseppe|De Luca Francesca|Di Stefano Marco|Lo Russo Antonella|Della Valle Pietro|D'Amico Chiara
Dutch, comma then particle: name: Berg, J. van den|Vries, A. de|Heuvel, M.C. van der|Ruiter, P. de|Velde, S. van de|Broek, T. van den
Nordic, patronymics: name: Jón Stefánsson|Guðrún Helgadóttir|Sigurður Þórsson|Björk Einarsdóttir|Ólafur Ragnarsson|Þóra Magnúsdóttir
Finnish: name: Väinö Mäkinen|Aino Korhonen|Eero Virtanen|Tuula Hämäläinen|Jukka-Pekka Nieminen|Sirpa Järvinen
Romanian: name: Ștefan Ionescu|Ioana Popescu|Gheorghe Dumitru|Mihaela Constantinescu|Vasile Țurcanu|Andreea Munteanu
Nigerian: name: Chukwuemeka Okafor|Ngozi Adeyemi|Oluwaseun Balogun|Amina Bello|Ifeanyi Nwosu|Folake Ogunleye
Ethiopian: name: Tesfaye Bekele|Almaz Gebremariam|Haile Woldemichael|Tigist Alemu|Dawit Tadesse|Selamawit Hailu
Filipino, middle initial: name: DELA CRUZ, Juan M.|Santos-Reyes, Maria Liza B.|Macaraeg, Rodel P.|Bautista, Jomar D.|Villanueva, Kristine Joy S.
Samoan and Hawaiian: name: Keoni Kealoha|Sione Tuiasosopo|Leilani Kahananui|Tevita Fonoti|Kaimana Nakamura|Malia Akana
Native American: name: Joseph Yellow Horse|Mary Two Bulls|Leonard Runs Close|Ella Begay|Wilson Tsosie|Charlene Iron Cloud
Nicknames in quotes: name: William "Billy" Hargrove|Antonio “Tony” Bellini|Margaret 'Peg' Donnelly|Robert "Bobby J" Stokes|Catherine (Kate) Mulroney
Initials only: name: J.S.|A.B.|M.R.|K.L.|T.W.|D.P.|R.O.|S.F.|C.G.|B.H.
Three initials, no stops: name: JMS|ABK|RTD|LPW|KCM|DRH|TNB|SGF|MEV|WJP|AOL|PQR
Surname and star: name: Kowalczyk *14022|Ramirez *8891|O'Leary *20177|Washington *3345|Nguyen *11820|Schmidt *9406
Rank behind: name: Hernandez Sgt|Wojcik Det|Park Lt|Fitzgerald Ofc|Santiago Cpl|Blake Capt
Spelled ranks: name: Police Officer Daniela Ruiz|Detective Sergeant Paul Obrien|Deputy Sheriff Hank Mills|Lieutenant Carla Dominguez|Probationary Officer Imran Shah
Rank, initial, badge in brackets: name: Ofc. T. Delgado (4417)|Sgt. B. Nowicki (203)|Det. R. Haddad (7719)|Ofc. L. Boateng (5120)|Lt. M. Ferraro (88)
Badge before: name: 4471 DELGADO|2039 NOWICKI|7719 HADDAD|5120 BOATENG|8812 FERRARO|3097 SORENSEN
Aliases: name: Darnell Whitfield aka "D-Whit"|Luis Ocampo a/k/a Flaco|Tanya Birch AKA Tanya Morrow|Sam Pruitt alias Red|Omari Fields aka Smoke
With pronouns: name: Jordan Avery (they/them)|Priyanka Desai (she/her)|Marcus Holt (he/him)|Kai Lindqvist (they/he)|Noor Rahimi (she/they)
Family with given in brackets: name: ABERNATHY (Colin)|BUCHANAN (Fiona)|CAVENDISH (Rupert)|DRUMMOND (Isla)|ELLSWORTH (Grant)
With role behind: name: Carol Simmons, mother|Devon Pike, bystander|Rosa Trujillo, passenger|Eli Kaplan, driver|Tamika Rhodes, sister
Mostly redacted: name: [REDACTED]|[REDACTED]|Hector Villalobos|[REDACTED]|[REDACTED]|Janelle Crowder|[REDACTED]|[REDACTED]|[REDACTED]|Stephen Okonkwo
Unknown mixed with names: name: Unknown|Unknown Male|Unknown|Terrence Boyd|Unknown|Anonymous|Yolanda Pickett|Unknown|Refused|Marguerite Sloan
Names that are words: name: Grace Hill|Chase Banks|Faith Rivers|Hunter Woods|Dawn Fields|Mark Stone|Joy Park|Rose Church
Underscored names: name: SMITH_JOHN_A|DOE_JANE_M|VARGAS_ELENA|PETROV_IGOR_K|ABDI_HODAN|CHO_MINA_S
Run together: name: JohnSmith|MariaGarcia|DavidChen|SarahJohnson|KevinMurphy|LindaNguyen
Company of lawyers: name: Atty. Beth Rosen|Esq. Paul Dwyer|Beth Rosen, Esq.|Marvin Katz, Esquire|Hon. Ruth Alvarez|Judge Simon Peale
Mail with a name shown: contact: "Hale, Ruth" <rhale@example.org>|Omar Diaz <odiaz@example.org>|jlee@example.net (J. Lee)|<kpatel@example.com>|bnguyen@example.org
Accounts of social media: contact: @dwayne_rox|@la_flaca88|@officer.mike|@jen.k.writes|@tomas_1979|@realbigsam
Telephones, mixed: contact: 1-800-555-0199|+1 (773) 555-0142|773-555-0106 cell|555-0170|(312)555-0111 home|312 555-0193
Telephones, run together: contact: 3125550142|7735550106|7085550199|6305550111|8475550123|2245550177|3125550188|8725550134
Licence plates: number: ABC 1234|XYZ-9876|7KLM234|BD51 SMR|8ABC123|HJK 4521|KA-01-AB-1234|LXR 882
Driving licences: number: S530-4607-8123|D400-7836-0001|G544-0619-5582|M261-9973-2208|P110-3341-7755|R255-8120-6631
Identity cards of China: number: 110105194912310028|440524188001010014|310101198507153412|320106199002281125|510107197812052237
Passports: number: C01X00T47|P4366918|K8812203A|X7720915|L0089134|N33418826
Vehicle identification: number: 1HGCM82633A004352|2T1BURHE5JC034461|JH4KA9650MC012340|5YJSA1E26MF123456|WBA3A5C58DF586732
Social security, no dashes: number: 219099999|457555462|321549876|078051120|111223333|536228726|401559987
Social security, masked: number: XXX-XX-6789|XXX-XX-9999|***-**-5462|XXX-XX-9876|***-**-1120|XXX-XX-3333
Births among days of receipt: birth_date: 1962-07-14|1985-03-02|1979-11-30|1991-05-21|1957-09-08|1968-12-17|1994-02-11|1973-06-25
Births, two-digit years: birth_date: 07/14/62|03/02/85|11/30/79|05/21/91|09/08/57|12/17/68|02/11/94|06/25/73
Addresses of units: address: 5419 S Kimbark #3R|1820 W Cermak, 2nd fl|33 E. 115th Pl.|801 Howard (rear)|4410 Drexel Apt 1201
Addresses with postal code: address: 14 Rue des Lilas, 69003 Lyon|8 Place Bellecour, 69002 Lyon|221 Cours Lafayette, 69003 Lyon|5 Quai Rambaud, 69002 Lyon
British addresses: address: Flat 4, 12 Acacia Road, SW1A 1AA|7 The Grove, LS6 2QT|Rose Cottage, Mill Lane, OX7 3DP|91 High Street, M1 4BT
Notes of a call: free_text: spoke w/ mom, says son was home by 9 and never went out again|left vm twice no answer will try again after the holiday|c/o came in, declined to sign the affidavit, says she is scared|wit. confirms ofc grabbed him by the collar near the bus stop
Narratives in Spanish: free_text: El agente me empujó contra la pared y no quiso decirme su nombre ni su número de placa|Mi hijo estaba sentado en la escalera cuando llegaron dos policías y lo esposaron sin explicar nada|La señora dice que el oficial le gritó delante de sus hijos y que le rompió el teléfono
Summaries with a name inside: free_text: Complaint by Dana Whitlock about a stop on Elm|Ofc. Barrow accused of rudeness by tenant|Referred: alleged theft of $200 by Sgt. Moss|Caller R. Finch says patrol car blocked drive
"""

_HARMLESS: Final = """
Streets without numbers: N Michigan Ave|W Madison St|S Halsted St|E 79th St|W Belmont Ave|N Clark St|S Cottage Grove Ave
Streets after persons: Martin Luther King Dr|Washington Blvd|Jackson Blvd|Roosevelt Rd|Cesar Chavez Ave|Malcolm X Blvd|Pulaski Rd
Crossings: Clark & Division|Halsted & 63rd|Western & Devon|Pulaski / Roosevelt|State at Lake|Ashland & Division
Blocks, no house: 1XX W Division St|35XX S King Dr|79XX S Ashland Ave|12XX N Clark St|53XX W Madison St|6XX E 63rd St
Beats with letters: 12A|07C|22B|15D|03A|19F|11E
Sectors in words: Adam sector|Boy sector|Charles sector|David sector|Edward sector|Frank sector|George sector|Henry sector
Call signs: Adam-12|Lincoln-30|Mary-4|Charles-21|Paul-7|Henry-16|David-9
Units of detectives: Area North Detectives|Area Central Homicide|Robbery/Burglary|Bomb and Arson|Financial Crimes|Special Victims|Cold Case
Units with numbers: 189 - Narcotics Division|193 - Gang Investigation|211 - Bureau of Patrol Area 1|253 - Targeted Response|701 - Public Transportation
Vehicle models: Ford Explorer|Chevrolet Tahoe|Dodge Charger|Ford Taurus|Toyota Camry|Chevrolet Impala|Ford Crown Victoria|Harley-Davidson Electra Glide
Vehicle makes: FORD|CHEVROLET|DODGE|TOYOTA|HONDA|NISSAN|JEEP|LINCOLN|MERCEDES-BENZ
Statutes in words: Terry v. Ohio|Miranda v. Arizona|Graham v. Connor|Tennessee v. Garner|Brady v. Maryland|Garrity v. New Jersey
Statute names: Illinois Vehicle Code|Freedom of Information Act|Clean Air Act|Peace Officers' Bill of Rights|Safe-T Act|Uniform Peace Officers' Disciplinary Act
Laws named after persons: Megan's Law|Marsy's Law|Leandra's Law|Kendra's Law|Clare's Law|Jessica's Law
Statute numbers: 720 ILCS 5/12-3|PC 148(a)(1)|NRS 289.057|18 U.S.C. 242|Penal Law 120.05|625 ILCS 5/11-501
Offences: Aggravated Battery|Criminal Trespass|Domestic Battery|Grand Theft Auto|Driving Under Influence|Possession of Cannabis|Disorderly Conduct|Reckless Homicide
Offences abbreviated: AGG BATT|CRIM DMG|DUI|POSS CS|RES BURG|UUW|THEFT >500|BATT-DV
Districts after persons: Washington|Jefferson|Lincoln|Jackson|Madison|Monroe|Adams|Franklin|Harrison|Grant
Schools: Washington High School|Kennedy Middle School|Lane Tech|Carver Elementary|Roosevelt University|Martin Luther King Academy
Hospitals: Mount Sinai Hospital|St. Mary's Medical Center|John H. Stroger Jr. Hospital|Mercy General|Cook County Hospital|Saint Anthony Hospital|Jackson Memorial
Prisons and courts: Rikers Island|Cook County Jail|Leighton Criminal Court|Daley Center|San Quentin|Menard Correctional Center
Airports and stations: O'Hare International|Midway|John F. Kennedy|LaGuardia|Union Station|Grand Central|Reagan National
Boroughs of London: Camden|Islington|Hackney|Southwark|Lambeth|Lewisham|Greenwich|Tower Hamlets|Westminster|Barnet
States: Georgia|Virginia|Carolina|Dakota|Montana|Nevada|Washington|Delaware|Maryland|Texas
Countries: Jordan|Georgia|Chad|Israel|Kenya|Mexico|Poland|Vietnam|Haiti|Cuba|Colombia
Cities of the saints: San Jose|Santa Clara|St. Louis|San Antonio|Santa Ana|St. Augustine|San Diego|Santa Maria|St. Charles
Cities of women and men: Charlotte|Orlando|Jackson|Austin|Madison|Houston|Dallas|Savannah|Augusta|Lincoln|Raleigh
Neighbourhoods of New Orleans: Tremé|Bywater|Gentilly|Marigny|Algiers|Lakeview|Mid-City|St. Roch|Holy Cross
Languages: English|Spanish|Polish|Mandarin|Cantonese|Arabic|Tagalog|Vietnamese|Haitian Creole|Somali|American Sign Language
Religions: Catholic|Muslim|Jewish|Baptist|Sikh|Hindu|Buddhist|None|Christian
Nationalities: Mexican|Irish|Korean|Chinese|German|Nigerian|Italian|Guatemalan|Filipino
Weekdays in Spanish: lunes|martes|miércoles|jueves|viernes|sábado|domingo
Months in French: janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre
Months abbreviated: Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec
Month names that are women: April|May|June|August|January
Holidays: Christmas Eve|Martin Luther King Day|Columbus Day|Labor Day|Veterans Day|Memorial Day|St. Patrick's Day|Lincoln's Birthday
Product names: Glock 19|Smith & Wesson M&P|Taser X26P|Axon Body 3|Remington 870|Beretta 92F|SIG Sauer P226|Colt AR-15
Software: Microsoft Teams|IAPro|BlueTeam|CLEAR|CMS|Evidence.com|Salesforce|Oracle
Drugs: Heroin|Cocaine|Fentanyl|Cannabis|Methamphetamine|Xanax|Adderall|PCP|Molly|Mary Jane
Medicines: Narcan|Tylenol|Ativan|Haldol|Ketamine|Valium|Naloxone
Dogs' breeds: German Shepherd|Belgian Malinois|Labrador Retriever|Bloodhound|Pit Bull|Jack Russell|Saint Bernard
Injuries: Abrasion|Laceration|Fracture|Contusion|Complaint of pain|Gunshot Wound|Dog Bite|None Visible
Parts of the body: Head|Left Arm|Right Leg|Torso|Neck|Face|Hand|Lower Back
Policy titles: Response to Resistance|Fair and Impartial Policing|Search and Seizure|Prisoner Transportation|Missing Persons|Social Media Use|Crisis Intervention
Courses of training: De-escalation Refresher|Implicit Bias|CIT 40-hour|Firearms Requalification|Procedural Justice 3|Verbal Judo|Tactical Medicine
Grades of pay: D-1|D-2A|D-3|D-5|Step 4|Grade 12|E-9
Titles of jobs: Crime Scene Technician|Traffic Aide|Police Communications Operator|Records Clerk|Detention Aide|Forensic Chemist|Chaplain
Unions: FOP Lodge 7|PBPA Unit 156A|Captains Endowment Association|SEIU Local 73|Teamsters Local 700|Sergeants Benevolent Association
Agencies of cities: Baltimore Police Department|Cook County Sheriff|Orleans Parish Sheriff's Office|Lincoln Police Department|Jackson County Sheriff|Madison PD
Boards of review: Police Board|Civilian Review Board|Citizen Police Oversight Agency|COPA|IPRA|OPS|Inspector General
Outcomes of courts: Dismissed|Nolle Prosequi|Acquitted|Guilty Plea|Pending|Diverted|Stricken off with Leave
Reasons of closing: No Affidavit|Withdrawn|Administrative Closure|Officer Resigned|Duplicate|Lack of Jurisdiction|Mediated
Reasons of a stop: Traffic Violation|Suspicious Person|Call for Service|Warrant|Consensual Encounter|Parole/Probation|Investigative Stop
Ways of receipt: In Person|E-mail|Fax|311|Third Party|Media|Alderman's Office|U.S. Mail
Weather: Clear|Cloudy|Rain|Snow|Fog|Windy|Sleet
Light: Daylight|Dusk|Dawn|Dark - Lighted|Dark - Unlighted|Unknown
Clothing: Uniform|Plainclothes|Undercover|Tactical Vest|Blue Shirt|Civilian Dress
Hair: Brown|Black|Blond|Gray|Red|Bald|Sandy
Marital status: Single|Married|Divorced|Widowed|Separated|Domestic Partner
Schools attained: High School|Some College|Associate's|Bachelor's|Master's|Doctorate|GED
Ids of forms: CR-2019-00417|LOG 1082337|SPAR-2020-114|U-09-27|IAD19-0441|C2019-31|2020-OPA-0117
Coordinates: 41.8781, -87.6298|41.7508, -87.6051|41.9742, -87.9073|41.8500, -87.6500|POINT (-87.62 41.88)
Times of day ranges: 0000-0359|0400-0759|0800-1159|1200-1559|1600-1959|2000-2359
Findings in Korean: 인정|불인정|각하|취하|조사중|이첩
Offices in Greek: Διεύθυνση Τροχαίας|Τμήμα Ασφάλειας|Άμεση Δράση|Γενική Διεύθυνση|Υποδιεύθυνση Αλλοδαπών
Offences in Arabic: إساءة استعمال السلطة|استعمال القوة|توقيف غير قانوني|إهمال الواجب|سوء السلوك
Units in Vietnamese: Phòng Cảnh sát giao thông|Đội điều tra tổng hợp|Công an quận|Phòng hình sự|Trại tạm giam
"""

HELD_OUT_PERSONS: Final = {
    what: (kind, texts.split("|"))
    for line in _PERSONS.strip().splitlines()
    for what, kind, texts in [line.split(": ", 2)]
}
HELD_OUT_HARMLESS: Final = {
    what: texts.split("|") for line in _HARMLESS.strip().splitlines() for what, texts in [line.split(": ", 1)]
}
