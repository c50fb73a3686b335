"""Capitalised words that are no part of a person's name: function words, calendar, places, trades, technology."""

ORDINARY = frozenset(
    """
    A An The This That These Those There Then Thus They Their Them He She It Its We Our Us You Your I My Me His Her
    And Or But Nor For From To In On At By With Without Of Off Over Under Up Down Out Into Onto About After Before
    Between During Until While When Where Which Who Whom Whose What Why How If Because Since So As Than Is Are Was
    Were Be Been Being Do Does Did Done Has Have Had Having Can Could Shall Should Will Would May Might Must Not No
    Yes All Any Both Each Every Few Many Most Much More Less Other Some Such Only Own Same Too Very Just Also Again
    Please Thanks Thank Hello Hi Dear Hey Best Kind Regards Sincerely Yours Welcome Sorry Team Customer Customers Sir
    Madam Everyone Everybody Colleagues Friends Folks World Today Tomorrow Yesterday Now Here Once Next Last First
    Second Third New Old Good Bad Big Small Great High Low Long Short Left Right Top Bottom North South East West
    Northern Southern Eastern Western Central Upper Lower Inner Outer Early Late Total Average Mean Median Mode Sum
    Count Number Amount Value Values Name Names Date Dates Time Times Year Years Month Months Week Weeks Day Days Hour
    January February March April June July August September October November December Monday Tuesday Wednesday
    Thursday Friday Saturday Sunday Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun
    Spring Summer Autumn Winter Fall Christmas Easter Report Reports Sales Sale Order Orders Invoice Invoices Product
    Products Price Prices Cost Costs Budget Revenue Profit Loss Tax Table Tables Figure Figures Chart Charts Plot Plots
    Column Columns Row Rows Cell Cells File Files Folder Page Pages Chapter Section Part Item Items List Lists Index
    Data Dataset Database Server Client Service Services System Systems Network Networks Software Hardware Program
    Programs Project Projects Process Task Tasks Step Steps Goal Goals Plan Plans Test Tests Case Cases Error Errors
    Warning Info Debug Note Notes Summary Result Results Answer Answers Question Questions Example Examples Analysis
    Method Methods Model Models Function Functions Class Classes Object Objects Array String Integer Float Boolean
    Input Output Format Document Documents Text Image Images Video Audio Code Source Build Version Release Update
    User Users Guide Manual Settings Options Dialog Window Windows Button Menu Press Click Choose Select Open Close
    Save Delete Edit Copy Paste View Help Search Find Replace Start Stop Run End Begin Continue Enter Escape Ctrl Alt
    Shift Tab Machine Learning Deep Neural Linear Logistic Regression Random Forest Gradient Boosting Decision Tree
    Trees Support Vector Principal Component Standard Deviation Error Absolute Squared Root Square Confidence Interval
    Getting Started Introduction Overview Conclusion Appendix References Abstract Contents Preface Visual Studio Google
    Chrome Amazon Web Apache Kafka Spark Hadoop Microsoft Apple Linux Ubuntu Debian Red Hat Enterprise Oracle Cloud
    Azure Python Java JavaScript TypeScript Docker Kubernetes GitHub GitLab Facebook Twitter YouTube Wikipedia Internet
    Boot Spring Hugging Face Open Source License Licence Public Private General Apache Creative Commons Foundation
    Street St Avenue Ave Road Rd Boulevard Blvd Lane Drive Court Circle Square Place Plaza Park Parkway Way Terrace
    Bridge River Lake Sea Ocean Bay Beach Island Islands Mountain Mountains Mount Hill Hills Valley Forest Desert Falls
    Creek Point Port Harbor Harbour Station Airport Terminal University College School Institute Academy Hospital Clinic
    Church Cathedral Temple Museum Library Theatre Theater Hotel Restaurant Cafe Bar Shop Store Market Mall Center
    Centre House Hall Tower Building Office Room Floor Suite Apartment City Town Village County State States Country
    Region District Province Republic Kingdom Empire Union United Nations Nation National International European
    American British English French German Italian Spanish Portuguese Dutch Swedish Norwegian Danish Finnish Polish
    Russian Chinese Japanese Korean Indian African Asian Australian Canadian Mexican Brazilian Latin Greek Turkish Arab
    America Europe Africa Asia Australia Canada Mexico Brazil India China Japan Germany France Italy Spain Portugal
    Poland Russia Sweden Norway Denmark Finland Iceland Ireland Scotland Wales England Britain Netherlands Belgium
    Switzerland Austria Greece Turkey Israel Egypt Kenya Nigeria Zealand Antarctica Arctic Atlantic Pacific Berlin Paris
    London Madrid Rome Vienna Tokyo Beijing Moscow Dublin Lisbon Amsterdam Brussels Chicago Boston Seattle Houston
    Dallas Denver Atlanta Miami Francisco Angeles Vegas Diego Antonio York Jersey Hampshire Carolina Dakota Virginia
    California Texas Florida Ohio Oregon Washington Arizona Nevada Utah Colorado Kansas Missouri Iowa Illinois Indiana
    Michigan Wisconsin Minnesota Nebraska Oklahoma Arkansas Louisiana Mississippi Alabama Georgia Tennessee Kentucky
    Maine Vermont Massachusetts Connecticut Pennsylvania Delaware Maryland Hawaii Alaska Montana Wyoming Idaho Puerto
    Rico Costa Sierra San Santa Los Las El La Le De Del Der Die Das Den Ein Eine Und Von Van Saint Fort Cape Hong Kong
    Company Corporation Corp Inc Ltd Limited LLC PLC GmbH AG SA NV Group Holdings Holding Partners Associates
    Consulting Solutions Technologies Technology Industries Industry Bank Banking Insurance Capital Investments Fund
    Trust Board Committee Commission Council Department Ministry Agency Bureau Authority Organization Organisation
    Association Society Club League Party Congress Parliament Senate Government President Minister Secretary Chairman
    Director Manager Officer Engineer Developer Analyst Assistant Administrator Coordinator Specialist Consultant
    Executive Chief Head Senior Junior Lead Staff Account Accounts Accounting Finance Financial Marketing Human
    Resources Legal Security Safety Health Care Medical Research Science Sciences Engineering Education Training
    Development Operations Management Business Commerce Trade Economics Economy Energy Power Electric Gas Oil Water
    Fire Air Space Earth Sun Moon Star Stars Blue Green Black White Yellow Orange Purple Pink Brown Gray Grey Golden
    Silver Gold Iron Steel Stone Wood Glass Paper Book Books Song Songs Music Movie Film Game Games Sport Sports
    Football Baseball Basketball Soccer Tennis Golf Hockey Olympic Olympics Cup Champions Championship Award Awards
    Prize Festival Conference Meeting Event Events Lagoon Entertainment Weekly Daily Times Post News Journal Magazine
    Gazette Review Press Media Radio Television Channel Show Series Season Episode Volume Issue Edition Main Street
    Highway Route Train Bus Car Cars Truck Bike Plane Ship Boat Credit Debit Card Visa Mastercard Express Payment
    Payments Check Cheque Cash Money Dollar Dollars Euro Euros Pound Phone Telephone Mobile Email Mail Address Contact
    Information Details Form Forms Application Applications Request Requests Response Message Messages Subject Re Fwd
    Attn Ref No Id Type Status Priority Category Categories Title Description Comment Comments Action Actions Monthly
    Annual Quarterly Yearly Hourly Final Draft Initial Current Previous Original Special Royal Grand Super Ultra Mega
    Mini Pro Plus Max Premium Basic Advanced Professional Personal Black Friday Cyber Monday Happy Birthday Merry
    Holy Bible God Lord Jesus Christ Buddha Islam Muslim Christian Jewish Catholic Protestant Orthodox Hindu Buddhist
    World War Civil Cold Peace Freedom Liberty Justice Law Rights Constitution Supreme Court Federal Police Army Navy
    Force Guard Marine Corps Agile Scrum Sprint Kanban Quality Assurance Control Unit Units Integration Continuous
    Deployment Pipeline Artificial Intelligence Natural Language Processing Computer Vision Object Detection Speech
    Random Walk Monte Carlo Markov Chain Bayes Theorem Newton Gauss Euler Laplace Fourier Poisson Normal Distribution
    Iris Set Sets Two Three Four Five Six Seven Eight Nine Ten Hundred Thousand Million Billion Zero One True False
    None Null Nothing Something Anything Everything Fresh Frozen Organic Free Open Fair Rock Pop Jazz Rap Hip Hop
    Network Rules Rule Policy Policies Privacy Terms Conditions Agreement Contract Licence Copyright Reserved
    """.split()
)
